/** What is unusual about one album of the catalogue. */
export interface Oddity {
  readonly name?: string
  /** Number of tracks on each disc. */
  readonly discs?: readonly number[]
  /** A release date in place of the true one. */
  readonly releaseDate?: '0000'
  /** The release date names only its month or year. */
  readonly precision?: 'month' | 'year'
  readonly images?: 'none' | 'null' | 'unsized'
  readonly restriction?: 'market' | 'product' | 'explicit'
  readonly compilation?: true
  /** Available nowhere: the first 50 tracks are replaced by playable ones (Spotify guide: Track Relinking). */
  readonly relinked?: true
}

const HUNDRED = 100

/** Returns what is unusual about the album with this number. */
export function oddityOf (number: number): Oddity {
  return ODDITIES.get(number % HUNDRED) ?? {}
}

/** Tests whether nothing is unusual about the album with this number. */
export function isOrdinary (number: number): boolean {
  return !ODDITIES.has(number % HUNDRED)
}

/**
 * The unusual albums of each hundred, by index. All have an index low enough to be among both the first hundred new
 * releases and the first hundred search results. Track counts are at and beside the page sizes of 20 and 50.
 */
const ODDITIES: ReadonlyMap<number, Oddity> = new Map<number, Oddity>([
  [1, { name: '=SUM(A1)' }],
  [2, { name: '+1' }],
  [3, { discs: [50] }],
  [4, { name: '@x' }],
  [5, { discs: [51] }],
  [6, { name: '-2' }],
  [7, { name: 'She said "Hello,\r\nWorld"; then, "Bye"' }],
  [8, { discs: [55], compilation: true, relinked: true }],
  [9, { name: '夜に駆ける 東京' }],
  [10, { name: 'ليلة طويلة (مباشر)' }],
  [11, { name: '👩‍👩‍👧‍👦🎧🏳️‍🌈' }],
  [12, { name: 'Zoe\u0308 a\u0301 la carte' }],
  [13, { discs: [101] }],
  [14, { name: '' }],
  [15, { name: '\t=cmd|\' /C calc\'!A0' }],
  [16, { name: '100% \\"raw\\", <b>&amp; `more`</b>' }],
  [18, { precision: 'month' }],
  [19, { precision: 'year' }],
  [20, { releaseDate: '0000' }],
  [21, { discs: [32, 28, 26, 24] }],
  [22, { images: 'none' }],
  [23, { images: 'null' }],
  [24, { images: 'unsized' }],
  [25, { restriction: 'market' }],
  [26, { restriction: 'explicit' }],
  [27, { restriction: 'product' }],
  [34, { discs: [12, 11] }],
  [40, { discs: [18], compilation: true }],
  [41, { discs: [1] }],
  [42, { discs: [20] }],
  [43, { discs: [5] }],
  [44, { name: 'שלום עולם' }],
  [45, { name: 'Two\u2028lines' }],
])

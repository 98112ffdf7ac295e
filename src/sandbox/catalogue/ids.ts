import { createRandom, mix, scramble } from './random.ts'

const BASE62 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const KINDS = { album: 1, artist: 2, track: 3, original: 4, invented: 5 }

/**
 * Creates a Spotify id: 22 base62 characters for 128 bits, so the first one is below 8.
 * The last six hold the scrambled number, so no two numbers of one kind share an id.
 */
export function createId (seed: number, kind: keyof typeof KINDS, number: number): string {
  const unique = scramble(number ^ mix(seed, KINDS[kind]))
  const random = createRandom(unique)
  const draw = (digits: number) => base62(Math.floor(random() * 62 ** digits), digits)
  return base62(Math.floor(random() * 8), 1) + draw(5) + draw(5) + draw(5) + base62(unique, 6)
}

/** Tests the form of an id (Spotify reference, concepts: Spotify ID). */
export function isId (id: string): boolean {
  return /^[0-9A-Za-z]{22}$/.test(id)
}

function base62 (number: number, digits: number): string {
  let text = ''
  for (let rest = number; text.length < digits; rest = Math.floor(rest / 62)) text = (BASE62[rest % 62] ?? '') + text
  return text
}

/** Spotify's objects. Optional fields are absent in the development tier, or where they do not apply. */

export const SPOTIFY_API_URL = 'https://api.spotify.com/v1'

export const TIERS = ['extended', 'development'] as const
export type Tier = typeof TIERS[number]

/** The caller's view: links and fields of an object differ between callers. */
export interface View {
  /** The base of all links, such as http://127.0.0.1:4000/v1 */
  readonly apiUrl: string
  readonly tier: Tier
  /** ISO 3166-1 alpha-2, or null if the caller named none. */
  readonly market: string | null
  /** The locale in page links: the caller's accept-language, or `*`. */
  readonly locale: string
}

export interface ExternalUrls { spotify: string }
export interface Image { url: string, height: number | null, width: number | null }
export interface Restrictions { reason: string }
export interface Copyright { text: string, type: 'C' | 'P' }

interface Entity<Type extends string> {
  external_urls: ExternalUrls
  href: string
  id: string
  type: Type
  uri: string
}

export interface Artist extends Entity<'artist'> {
  name: string
}

export interface Track extends Entity<'track'> {
  artists: Artist[]
  available_markets?: readonly string[]
  disc_number: number
  duration_ms: number
  explicit: boolean
  is_playable?: boolean
  linked_from?: Entity<'track'>
  restrictions?: Restrictions
  name: string
  preview_url?: string | null
  track_number: number
  is_local: boolean
}

export type AlbumType = 'album' | 'single' | 'compilation'
export type AlbumGroup = AlbumType | 'appears_on'

export interface SimplifiedAlbum extends Entity<'album'> {
  album_type: AlbumType
  total_tracks: number
  available_markets?: readonly string[]
  images: Image[] | null
  name: string
  release_date: string
  release_date_precision: 'day' | 'month' | 'year'
  restrictions?: Restrictions
  artists: Artist[]
  album_group?: AlbumGroup
}

export interface Album extends SimplifiedAlbum {
  tracks: Page<Track>
  copyrights: Copyright[]
  external_ids: { upc: string }
  genres: string[]
  label?: string
  popularity?: number
}

export interface Page<Item> {
  href: string
  limit: number
  next: string | null
  offset: number
  previous: string | null
  total: number
  items: Item[]
}

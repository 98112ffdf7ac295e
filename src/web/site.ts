/** What every page needs to know of the service. */
export interface Site {
  /** The path of a link, under the prefix of PUBLIC_URL. */
  path: (path: string) => string
  /** The path of an asset, with its version. */
  asset: (name: string) => string
  version: string
  /** The hosts of covers: images of others are not shown. */
  imageOrigins: readonly string[]
}

/** What a page needs to know of the request. */
export interface Visit {
  site: Site
  /** The URL of the service as the client reaches it, without a slash at the end: for commands to copy. */
  origin: string
  /** Whether the service wants a key. */
  hasKeys: boolean
  /** The token that forms carry where a cookie says who sends them; null without a cookie. */
  formToken: string | null
  nowMs: number
}

const SPOTIFY_IMAGES = ['https://i.scdn.co', 'https://mosaic.scdn.co', 'https://*.spotifycdn.com']
const SPOTIFY_API = 'https://api.spotify.com'

/** The hosts whose images the pages show: Spotify's, and that of another API, which is the sandbox. */
export function imageOriginsOf (apiUrl: string): string[] {
  const { origin } = new URL(apiUrl)
  return origin === SPOTIFY_API ? SPOTIFY_IMAGES : [...SPOTIFY_IMAGES, origin]
}

/** The address of an image where the pages may show it; null for any other text. */
export function shownImage ({ imageOrigins }: Pick<Site, 'imageOrigins'>, text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null
  const { origin, href } = new URL(text)
  return imageOrigins.some((allowed) => isWithin(origin, allowed)) ? href : null
}

function isWithin (origin: string, allowed: string): boolean {
  if (!allowed.startsWith('https://*.')) return origin === allowed
  return origin.startsWith('https://') && origin.endsWith(allowed.slice('https://*'.length))
}

/** The policy of the pages: nothing inline, and nothing from elsewhere but covers. */
export function policyOf (imageOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' ${imageOrigins.join(' ')}`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

import type { EndpointName } from './endpoints.ts'

/** The description of one kind of fault. */
interface FaultKindInfo {
  /** One line for `--help` and the documentation. */
  readonly does: string
  /** The endpoints where it can occur. */
  readonly meets: 'every' | readonly EndpointName[]
  /** True if it changes a true answer, and so needs a call that is answered with data. */
  readonly spoils: boolean
}

const LISTINGS = ['newReleases', 'search', 'artistAlbums'] as const
const PAGES = [...LISTINGS, 'albumTracks'] as const
const WITH_TRACKS = ['album', 'albums', 'albumTracks'] as const
const PAGES_OF_ALBUM = [...PAGES, 'album'] as const
const DATA = [...PAGES, 'album', 'albums'] as const

/** Describes a fault that replaces the true answer. */
function instead (does: string, meets: FaultKindInfo['meets'] = 'every'): FaultKindInfo & { spoils: false } {
  return { does, meets, spoils: false }
}

/** Describes a fault that changes the true answer. */
function spoiling (does: string, meets: FaultKindInfo['meets']): FaultKindInfo & { spoils: true } {
  return { does, meets, spoils: true }
}

/** Every kind of fault, in the order in which `--help` lists them. */
export const FAULTS = {
  unauthorized: instead('401, as for a token that has expired'),
  'unauthorized-html': instead('401 as an HTML page'),
  premium: instead('403 in plain text: the Premium of the owner of the app has lapsed'),
  'premium-json': instead('403 as JSON: "Premium required"'),
  forbidden: instead('403 as JSON: "Forbidden"'),
  'not-found': instead('404 as JSON: "Resource not found"'),
  'bad-request-html': instead('400 as an HTML page'),
  'bad-request-empty': instead('400 without a body'),
  'token-server-error': instead('400 as JSON: "server_error"', ['token']),
  redirect: instead('302 to `url`; default another origin'),
  'rate-limit': instead('429 with Retry-After; default 1'),
  'rate-limit-no-retry-after': instead('429 without Retry-After'),
  'rate-limit-text': instead('429 in plain text'),
  quota: instead('429 QUOTA_EXCEEDED with a Retry-After of hours'),
  'server-error-json': instead('5xx as JSON; default 502'),
  'server-error-html': instead('5xx as an HTML page; default 502'),
  'server-error-empty': instead('5xx without a body; default 502'),
  'control-characters': instead(
    '5xx whose message has terminal escapes, line feeds and a forged log line; default 502'),
  'invalid-limit': instead('400 as JSON: "Invalid limit"'),
  'bad-json': instead('200 whose body is HTML although its type says JSON'),
  reset: instead('the connection is reset before any answer'),
  stall: instead('no answer until one side gives up'),
  'cut-body': spoiling('200 with a Content-Length that breaks off halfway', 'every'),
  'gzip-bomb': spoiling('valid JSON padded to `bytes`, gzip-coded; default 30 MB', DATA),
  'gzip-label': spoiling('gzip whose Content-Encoding says GZIP', DATA),
  'token-expires-huge': spoiling('`expires_in` of the token is 1e13', ['token']),
  'other-album': spoiling('the first album of the catalogue, whichever was asked for', ['album', 'albums']),
  'null-item': spoiling('the middle item of the page or batch, or the album `albumId`, is null', [...PAGES, 'albums']),
  'broken-item': spoiling('one item without an id and with wrong types', DATA),
  'odd-item': spoiling('one item with every null that Spotify was seen to send', DATA),
  'null-track': spoiling('a null among the tracks of each album', WITH_TRACKS),
  'null-name': spoiling('`name` of one item and of one track of each album is null', DATA),
  'null-number': spoiling(
    '`track_number` of one track of each album, or `total_tracks` of one listed album, is null', DATA),
  'artists-null': spoiling('`artists` of one item and of one track of each album is [null]', DATA),
  'artists-text': spoiling('`artists` of one item and of one track of each album is a text', DATA),
  'big-number': spoiling(
    '`popularity` of one album and `duration_ms` of one track of each album are 12345678901234567890', DATA),
  'deep-nesting': spoiling('one item has a field of arrays nested `depth` deep; default 20000', DATA),
  'same-place': spoiling(
    'tracks 5 and 55 of an album have the same disc, number and title, and other ids', ['albumTracks']),
  'restarting-numbers': spoiling('track numbers and titles of an album begin again in the middle', WITH_TRACKS),
  'huge-total': spoiling('`total` and `total_tracks` claim the number `total`; default 1000000000', DATA),
  'wrong-total': spoiling('the total of the page is wrong by `delta`', PAGES_OF_ALBUM),
  'empty-page': spoiling('the page is empty although its total is not', PAGES_OF_ALBUM),
  shifting: spoiling('at each page border one item comes twice and one never', PAGES),
  'next-null-early': spoiling('`next` is null although there is more', PAGES_OF_ALBUM),
  'next-repeated': spoiling('`next` is the page itself', PAGES_OF_ALBUM),
  'next-foreign': spoiling('`next` is on another origin, or is `url`', PAGES_OF_ALBUM),
  'next-past-cap': spoiling('`next` continues past the end, to empty pages', PAGES_OF_ALBUM),
  'endless-next': spoiling(
    'every page is full of invented items and names a next one, for ever (search: up to its 1,000)', PAGES_OF_ALBUM),
} as const satisfies Record<string, FaultKindInfo>

export type FaultKind = keyof typeof FAULTS
/** The kinds that change a true answer. */
export type SpoilingKind = { [Kind in FaultKind]: typeof FAULTS[Kind]['spoils'] extends true ? Kind : never }[FaultKind]
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[]

export function faultMeets (kind: FaultKind, endpoint: EndpointName): boolean {
  const { meets }: FaultKindInfo = FAULTS[kind]
  return meets === 'every' || meets.includes(endpoint)
}

export function isSpoiling (kind: FaultKind): kind is SpoilingKind {
  return FAULTS[kind].spoils
}

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { TIERS } from './objects.ts'

export const ENDPOINTS = ['token', 'newReleases', 'search', 'album', 'albums', 'albumTracks', 'artistAlbums'] as const
export type EndpointName = typeof ENDPOINTS[number]

export const FAULT_KINDS = [
  'unauthorized', 'premium', 'forbidden',
  'rate-limit', 'rate-limit-no-retry-after', 'rate-limit-text', 'quota',
  'server-error-json', 'server-error-html', 'server-error-empty',
  'invalid-limit', 'not-found', 'bad-json',
  'reset', 'cut-body', 'stall',
  'null-item', 'broken-item', 'odd-item', 'null-track', 'empty-page', 'shifting', 'wrong-total',
  'next-null-early', 'next-repeated', 'next-foreign', 'next-past-cap',
] as const
export type FaultKind = typeof FAULT_KINDS[number]

const closed = { additionalProperties: false }
const oneOf = <const Values extends readonly string[]>(values: Values) => Type.Union(values.map((value) => Type.Literal(value as Values[number])))
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([Type.Null(), schema])
const count = Type.Integer({ minimum: 0 })
const seconds = Type.Number({ minimum: 0 })

/** Something that goes wrong. Without `endpoint`, or with `*`, it meets every endpoint of the API, and not the token. */
export const FaultSchema = Type.Object({
  kind: oneOf(FAULT_KINDS),
  endpoint: Type.Optional(oneOf([...ENDPOINTS, '*'])),
  probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'of each call that it could meet; default 1' })),
  skip: Type.Optional(Type.Integer({ minimum: 0, description: 'leave this many calls alone first; of what spoils an answer, calls that would get one' })),
  times: Type.Optional(Type.Integer({ minimum: 0, description: 'fire at most so often; default always' })),
  albumId: Type.Optional(Type.String({ description: 'only calls that ask for this album' })),
  status: Type.Optional(Type.Integer({ minimum: 400, maximum: 599, description: 'another status than the usual one of the kind' })),
  retryAfter: Type.Optional(Type.String({ description: 'raw Retry-After header' })),
  url: Type.Optional(Type.String({ description: 'where next-foreign points' })),
  delta: Type.Optional(Type.Integer({ description: 'by how much wrong-total lies; default 7 too many' })),
}, closed)
export type Fault = Static<typeof FaultSchema>

/** What can be set at start and while it runs. */
export const SettingsSchema = Type.Object({
  tier: oneOf(TIERS),
  seed: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
  albums: Type.Integer({ minimum: 0, maximum: 100_000 }),
  latencyMs: Type.Integer({ minimum: 0, maximum: 600_000 }),
  jitterMs: Type.Integer({ minimum: 0, maximum: 600_000, description: 'up to so much more latency' }),
  rateLimit: orNull(Type.Object({
    calls: count,
    windowMs: Type.Optional(Type.Integer({ minimum: 1, description: 'default 30000' })),
    retryAfterS: Type.Optional(Type.Union([Type.Null(), count], { description: 'default: when the window frees; null: no header' })),
  }, closed)),
  quota: orNull(Type.Object({ calls: count, retryAfterS: count }, closed)),
  tokenLifetimeS: seconds,
  /** What the token answer claims; null is the truth. */
  tokenExpiresInS: orNull(seconds),
  clientId: Type.String({ minLength: 1 }),
  clientSecret: Type.String({ minLength: 1 }),
  /** Largest page, or batch, of single endpoints in place of the tier's. */
  pageLimits: Type.Partial(Type.Object({
    newReleases: Type.Integer({ minimum: 1 }),
    search: Type.Integer({ minimum: 1 }),
    albums: Type.Integer({ minimum: 1 }),
    albumTracks: Type.Integer({ minimum: 1 }),
    artistAlbums: Type.Integer({ minimum: 1 }),
  }, closed), closed),
  faults: Type.Array(FaultSchema),
}, closed)
export type SandboxSettings = Static<typeof SettingsSchema>

/** What anyone can have today: a development-mode app, and a Spotify that behaves. */
export const DEFAULT_SETTINGS: SandboxSettings = {
  tier: 'development',
  seed: 1,
  albums: 120,
  latencyMs: 0,
  jitterMs: 0,
  rateLimit: null,
  quota: null,
  tokenLifetimeS: 3600,
  tokenExpiresInS: null,
  clientId: 'sandbox-id',
  clientSecret: 'sandbox-secret',
  pageLimits: {},
  faults: [],
}

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { ENDPOINTS } from './endpoints.ts'
import { FAULT_KINDS } from './fault-kinds.ts'
import { TIERS } from '../catalogue/objects.ts'
import { DAY_ZERO } from '../catalogue/outlines.ts'

const closed = { additionalProperties: false }
function oneOf<const Values extends readonly string[]> (values: Values, description: string) {
  return Type.Union(values.map((value) => Type.Literal(value as Values[number])), { description })
}
function orNull<Schema extends TSchema> (schema: Schema, description: string) {
  return Type.Union([Type.Null(), schema], { description })
}
const count = Type.Integer({ minimum: 0 })

/** A fault: which calls it strikes and what it does. */
export const FaultSchema = Type.Object({
  kind: oneOf(FAULT_KINDS, 'what goes wrong: one of the kinds below'),
  endpoint: Type.Optional(
    oneOf([...ENDPOINTS, '*'], 'only this one; default and *: every endpoint of the API, not the token')),
  probability: Type.Optional(Type.Number({
    minimum: 0, maximum: 1, description: 'probability for each matching call; default 1',
  })),
  skip: Type.Optional(Type.Integer({
    minimum: 0, description: 'skip this many matching calls first',
  })),
  times: Type.Optional(Type.Integer({ minimum: 0, description: 'strike at most this many times; default always' })),
  durationMs: Type.Optional(Type.Integer({
    minimum: 0, description: 'strike for this long after the first strike; default always',
  })),
  albumId: Type.Optional(Type.String({ description: 'only calls that ask for this album' })),
  status: Type.Optional(Type.Integer({
    minimum: 400, maximum: 599, description: 'status to answer with instead of the kind\'s own',
  })),
  retryAfter: Type.Optional(Type.String({ description: 'raw Retry-After header of a 429 or 5xx' })),
  url: Type.Optional(Type.String({ description: 'where next-foreign and redirect point' })),
  delta: Type.Optional(Type.Integer({ description: 'what wrong-total adds to the total; default 7' })),
  total: Type.Optional(Type.Integer({ minimum: 0, description: 'what huge-total claims; default 1000000000' })),
  bytes: Type.Optional(Type.Integer({
    minimum: 1, maximum: 500_000_000, description: 'unpacked size of gzip-bomb; default 30000000',
  })),
  depth: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'depth of deep-nesting; default 20000' })
  ),
}, closed)
export type Fault = Static<typeof FaultSchema>

/** The settings, at start and at run time. */
export const SettingsSchema = Type.Object({
  tier: oneOf(TIERS, 'what Spotify allows the app: extended quota, or a development-mode app'),
  seed: Type.Integer({
    minimum: 0, maximum: 2 ** 32 - 1, description: 'the same seed gives the same catalogue and faults',
  }),
  albums: Type.Integer({
    minimum: 0, maximum: 100_000, description: 'size of the catalogue on day 0; search shows the first 1,000 of it',
  }),
  day: Type.Integer({
    minimum: 0,
    maximum: 365,
    description: 'day of the catalogue; on each, albums appear, grow, change names, are delisted',
  }),
  dayZero: Type.String({
    pattern: '^2\\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
    description: 'date of day 0, which release dates follow',
  }),
  latencyMs: Type.Integer({ minimum: 0, maximum: 600_000, description: 'time that each answer takes' }),
  jitterMs: Type.Integer({ minimum: 0, maximum: 600_000, description: 'random latency on top, at most this much' }),
  rateLimit: orNull(Type.Object({
    calls: count,
    windowMs: Type.Optional(Type.Integer({ minimum: 1, description: 'default 30000' })),
    retryAfterS: Type.Optional(
      Type.Union([Type.Null(), count], { description: 'default: when the window frees; null: no header' })),
  }, closed), 'calls in a rolling window, such as {"calls": 90}; null: no limit'),
  quota: orNull(
    Type.Object({ calls: count, retryAfterS: count }, closed),
    'calls until QUOTA_EXCEEDED, such as {"calls": 500, "retryAfterS": 48925}; null: no quota'),
  tokenLifetimeS: Type.Number({ minimum: 0, description: 'how long a token is valid' }),
  tokenExpiresInS: orNull(Type.Number({ minimum: 0 }), 'expires_in of the token answer; null: the true lifetime'),
  tokenCalls: orNull(
    Type.Integer({ minimum: 1 }), 'calls that a token serves before it is refused; null: no such limit'),
  clientId: Type.String({ minLength: 1, description: 'client id that the token endpoint takes' }),
  clientSecret: Type.String({ minLength: 1, description: 'client secret that the token endpoint takes' }),
  pageLimits: Type.Partial(Type.Object({
    newReleases: Type.Integer({ minimum: 1 }),
    search: Type.Integer({ minimum: 1 }),
    albums: Type.Integer({ minimum: 1 }),
    albumTracks: Type.Integer({ minimum: 1 }),
    artistAlbums: Type.Integer({ minimum: 1 }),
  }, closed), {
    ...closed,
    description: 'largest page, or batch, of single endpoints instead of the tier\'s, such as {"search": 5}',
  }),
  faults: Type.Array(FaultSchema, {
    description: 'what goes wrong, such as [{"kind": "reset", "endpoint": "album", "times": 2}]',
  }),
}, closed)
export type SandboxSettings = Static<typeof SettingsSchema>

/** The defaults are what everyone gets today: a development-mode app, and no faults. */
export const DEFAULT_SETTINGS: SandboxSettings = {
  tier: 'development',
  seed: 1,
  albums: 120,
  day: 0,
  dayZero: DAY_ZERO,
  latencyMs: 0,
  jitterMs: 0,
  rateLimit: null,
  quota: null,
  tokenLifetimeS: 3600,
  tokenExpiresInS: null,
  tokenCalls: null,
  clientId: 'sandbox-id',
  clientSecret: 'sandbox-secret',
  pageLimits: {},
  faults: [],
}

import { isIPv4 } from 'node:net'
import { type Static, type TSchema, Type } from '@sinclair/typebox'

/** env-schema hands over strings; a schema with a `default` makes a variable optional. */
const Integer = (options: { default: number, minimum: number, maximum: number, description: string }) => Type.Integer(options)
/** The name of a text that the URL parser takes, or that is empty. */
export const URL_FORMAT = 'url-or-nothing'
const Flag = (description: string) => Type.Boolean({ default: false, description })
const Required = (description: string) => Type.String({ minLength: 1, pattern: '^\\S+$', description })
const Url = (options: { default: string, description: string }) => Type.String({ ...options, pattern: '^https?://[^\\s?#]+$', format: URL_FORMAT })

export const ROLES = ['all', 'api', 'worker'] as const

/** Every setting of the service: the environment's variables in the order of `.env.template`. */
export const ConfigSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', minLength: 1, description: 'address to listen on' }),
  PORT: Integer({ default: 3000, minimum: 0, maximum: 65535, description: 'port to listen on; 0 takes a free one' }),
  LOG_LEVEL: Type.Unsafe<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'>({
    type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], default: 'info', description: "pino's levels",
  }),
  DATA_DIR: Type.String({ default: './data', minLength: 1, description: 'folder of runs and state' }),
  SPOTIFY_CLIENT_ID: Required('client id of your app, from https://developer.spotify.com/dashboard'),
  SPOTIFY_CLIENT_SECRET: Required('client secret of your app'),
  SPOTIFY_API_URL: Url({ default: 'https://api.spotify.com/v1', description: 'Web API, for a proxy or the sandbox' }),
  SPOTIFY_TOKEN_URL: Url({ default: 'https://accounts.spotify.com/api/token', description: 'token endpoint, for a proxy or the sandbox' }),
  SPOTIFY_CALLS_PER_30S: Integer({ default: 90, minimum: 1, maximum: 1_000_000, description: 'calls allowed in any 30 seconds, all runs together' }),
  SPOTIFY_MAX_CONCURRENCY: Integer({ default: 10, minimum: 1, maximum: 100, description: 'calls in flight' }),
  SPOTIFY_TIMEOUT_MS: Integer({ default: 15_000, minimum: 100, maximum: 600_000, description: 'one call, from start to the last byte' }),
  SPOTIFY_MAX_ATTEMPTS: Integer({ default: 5, minimum: 1, maximum: 20, description: 'tries of one call in a pass; a run makes a second pass over what the first one lacks' }),
  SPOTIFY_MAX_WAIT_S: Integer({ default: 60, minimum: 0, maximum: 86_400, description: 'longest Retry-After that a run waits for; over it the run pauses' }),
  MAX_ALBUMS_PER_RUN: Integer({ default: 1000, minimum: 1, maximum: 100_000, description: 'largest limit of a run' }),
  RUN_CONCURRENCY: Integer({ default: 1, minimum: 1, maximum: 100, description: 'runs at a time' }),
  MAX_QUEUED_RUNS: Integer({ default: 100, minimum: 0, maximum: 100_000, description: 'runs waiting; over it 503 queue_full' }),
  ALBUM_CACHE_HOURS: Integer({ default: 24, minimum: 0, maximum: 8760, description: 'how long a fetched album may be used again by another run; 0 is off' }),
  RETENTION_DAYS: Integer({ default: 30, minimum: 0, maximum: 36_500, description: 'runs that ended longer ago are deleted; 0 is never' }),
  API_KEYS: Type.String({ default: '', description: 'keys that clients must send, separated by commas; none: no key is wanted' }),
  ALLOW_ANONYMOUS: Flag('listen on another address than loopback without API_KEYS'),
  REQUESTS_PER_MINUTE: Integer({ default: 600, minimum: 0, maximum: 1_000_000, description: 'requests per key or address; over it 429; 0 is off' }),
  REDIS_URL: Type.String({ default: '', pattern: '^(rediss?://[^\\s/]\\S*)?$', format: URL_FORMAT, description: 'Redis that several replicas share; none: this process is alone' }),
  STORE_SHARED: Flag('DATA_DIR is a volume that all replicas share; needed with REDIS_URL'),
  RATE_LIMIT_KEY: Type.String({ default: '', description: 'one value for all apps of one developer account, whose quota is counted together; none: the client id' }),
  ROLE: Type.Unsafe<typeof ROLES[number]>({ type: 'string', enum: [...ROLES], default: 'all', description: 'api accepts runs and answers, worker executes them, all does both' }),
}, { additionalProperties: false })

export type Config = Static<typeof ConfigSchema>

/** One wrong variable, in one line for the user. */
export interface ConfigProblem {
  variable: string
  advice: string
}

/** The configuration is missing something or wrong: the process must not start. */
export class ConfigError extends Error {
  readonly problems: ConfigProblem[]

  constructor (problems: ConfigProblem[]) {
    super(problems.map(({ variable, advice }) => `${variable} ${advice}`).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

interface SchemaError {
  instancePath: string
  keyword: string
  params: Record<string, unknown>
}

/** What ajv found, in the user's words: one problem a variable. */
export function problemsOf (errors: readonly SchemaError[]): ConfigProblem[] {
  const problems = new Map<string, string>()
  for (const { instancePath, keyword, params } of errors) {
    const variable = keyword === 'required' ? String(params['missingProperty']) : instancePath.slice(1)
    if (!problems.has(variable)) problems.set(variable, adviceOn(variable, keyword))
  }
  return [...problems].map(([variable, advice]) => ({ variable, advice }))
}

function adviceOn (variable: string, keyword: string): string {
  if (keyword === 'required') return `is missing: set it to the ${meaningOf(variable)}`
  if (keyword === 'minLength') return `is empty: set it to the ${meaningOf(variable)}`
  return `is wrong: it must be ${shapeOf(variable)} (${meaningOf(variable)})`
}

export type Related = Pick<Config, 'HOST' | 'API_KEYS' | 'ALLOW_ANONYMOUS' | 'REDIS_URL' | 'STORE_SHARED' | 'ROLE'>

/** What no schema can say: which variables go together, and which keys cannot be sent. */
export function conflictsOf ({ HOST, API_KEYS, ALLOW_ANONYMOUS, REDIS_URL, STORE_SHARED, ROLE }: Related): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const keys = keysOf(API_KEYS)
  if (!keys.every((key) => /^[\x21-\x7e]+$/.test(key))) {
    problems.push({ variable: 'API_KEYS', advice: 'has a key that no client can send in a header: use letters, digits and signs of ASCII, without spaces' })
  }
  if (keys.length === 0 && !ALLOW_ANONYMOUS && !isLoopback(HOST)) {
    problems.push({ variable: 'API_KEYS', advice: `is missing and HOST=${HOST} can be reached from outside: set API_KEYS, or HOST=127.0.0.1, or ALLOW_ANONYMOUS=true if that is what you want` })
  }
  if (REDIS_URL !== '' && !STORE_SHARED) {
    problems.push({ variable: 'STORE_SHARED', advice: 'is missing: with REDIS_URL every replica works on the runs of all, so put DATA_DIR on a volume that they share and set STORE_SHARED=true, or unset REDIS_URL' })
  }
  if (REDIS_URL === '' && ROLE !== 'all') {
    problems.push({ variable: 'REDIS_URL', advice: `is missing: with ROLE=${ROLE} another process does the rest, and finds its work in Redis; set REDIS_URL, or unset ROLE` })
  }
  return problems
}

/** The keys of API_KEYS. */
export function keysOf (text: string): string[] {
  return text.split(',').map((key) => key.trim()).filter((key) => key !== '')
}

export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function meaningOf (variable: string): string {
  return String(schemaOf(variable)?.['description'] ?? 'value')
}

function shapeOf (variable: string): string {
  const schema = schemaOf(variable)
  if (schema === undefined) return 'a known variable'
  if (schema['type'] === 'integer') return `a whole number from ${String(schema['minimum'])} to ${String(schema['maximum'])}`
  if (schema['type'] === 'boolean') return 'true or false'
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].join(', ')}`
  if (variable === 'REDIS_URL') return 'a redis:// or rediss:// URL'
  return String(schema['pattern'] ?? '').startsWith('^https?') ? 'an http or https URL without a query' : 'a text without spaces that is not empty'
}

function schemaOf (variable: string): TSchema | undefined {
  return (ConfigSchema.properties as Record<string, TSchema | undefined>)[variable]
}

import { isIP, isIPv4 } from 'node:net'
import { type Static, type TSchema, Type } from '@sinclair/typebox'

/** The environment has texts, which are converted; a schema with a `default` makes a variable optional. */
const Integer = (options: { default: number, minimum: number, maximum: number, description: string }) =>
  Type.Integer(options)
/** The name of a text that the URL parser takes, or that is empty. */
export const URL_FORMAT = 'url-or-nothing'
/** The name of a text that `TRUST_PROXY` takes, or that is empty. */
export const PROXIES_FORMAT = 'proxies-or-nothing'
const HTTP_URL = 'https?://[^\\s?#@]+'
const Flag = (description: string) => Type.Boolean({ default: false, description })
const Required = (description: string) => Type.String({ minLength: 1, pattern: '^\\S+$', description })
const Proxy = (description: string) =>
  Type.String({ default: '', pattern: '^((https?|HTTPS?)://)?[^\\s/?#]*/?$', description })
const Url = (options: { default: string, description: string }) =>
  Type.String({ ...options, pattern: `^${HTTP_URL}$`, format: URL_FORMAT })

export const ROLES = ['all', 'api', 'worker'] as const

/** Every setting of the service: the environment's variables in the order of `.env.template`. */
export const ConfigSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', minLength: 1, description: 'address to listen on' }),
  PORT: Integer({ default: 3000, minimum: 0, maximum: 65535, description: 'port to listen on; 0 takes a free one' }),
  LOG_LEVEL: Type.Unsafe<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'>({
    type: 'string',
    enum: [
      'trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'
    ],
    default: 'info',
    description: "pino's levels",
  }),
  DATA_DIR: Type.String({ default: './data', minLength: 1, description: 'folder of runs and state' }),
  SPOTIFY_CLIENT_ID: Required('client id of your app, from https://developer.spotify.com/dashboard'),
  SPOTIFY_CLIENT_SECRET: Required('client secret of your app'),
  SPOTIFY_API_URL: Url({ default: 'https://api.spotify.com/v1', description: 'Web API, for a proxy or the sandbox' }),
  SPOTIFY_TOKEN_URL: Url({
    default: 'https://accounts.spotify.com/api/token', description: 'token endpoint, for a proxy or the sandbox',
  }),
  SPOTIFY_CALLS_PER_30S: Integer({
    default: 90, minimum: 1, maximum: 1_000_000, description: 'calls allowed in any 30 seconds, all runs together',
  }),
  SPOTIFY_MAX_CONCURRENCY: Integer({ default: 10, minimum: 1, maximum: 100, description: 'calls in flight' }),
  SPOTIFY_TIMEOUT_MS: Integer({
    default: 15_000, minimum: 100, maximum: 600_000, description: 'one call, from start to the last byte',
  }),
  SPOTIFY_MAX_ATTEMPTS: Integer({
    default: 5,
    minimum: 1,
    maximum: 20,
    description: 'tries of one call in a pass; a run makes a second pass over what the first one lacks',
  }),
  SPOTIFY_MAX_WAIT_S: Integer({
    default: 60,
    minimum: 0,
    maximum: 86_400,
    description: 'longest Retry-After that a run waits for; above that the run pauses',
  }),
  MAX_ALBUMS_PER_RUN: Integer({ default: 1000, minimum: 1, maximum: 100_000, description: 'largest limit of a run' }),
  RUN_CONCURRENCY: Integer({ default: 1, minimum: 1, maximum: 100, description: 'runs at a time' }),
  MAX_QUEUED_RUNS: Integer({
    default: 100, minimum: 0, maximum: 100_000, description: 'runs waiting; above that 503 queue_full',
  }),
  ALBUM_CACHE_HOURS: Integer({
    default: 24,
    minimum: 0,
    maximum: 8760,
    description: 'how long a fetched album may be used again by another run; 0 is off',
  }),
  MAX_STORED_RUNS: Integer({
    default: 10_000,
    minimum: 0,
    maximum: 10_000_000,
    description: 'stored runs; above that the oldest ended ones are deleted; 0 is no limit',
  }),
  RETENTION_DAYS: Integer({
    default: 30, minimum: 0, maximum: 36_500, description: 'runs that ended longer ago are deleted; 0 is never',
  }),
  API_KEYS: Type.String({
    default: '', description: 'keys that clients must send, separated by commas; none: no key is wanted',
  }),
  ALLOW_ANONYMOUS: Flag('listen on another address than loopback without API_KEYS'),
  REQUESTS_PER_MINUTE: Integer({
    default: 600,
    minimum: 0,
    maximum: 1_000_000,
    description: 'requests per key or address; above that 429; 0 is off',
  }),
  TRUST_PROXY: Type.String({
    default: '',
    format: PROXIES_FORMAT,
    description: 'reverse proxies whose X-Forwarded-* is believed; none: no one is',
  }),
  PUBLIC_URL: Type.String({
    default: '',
    pattern: `^(${HTTP_URL})?$`,
    format: URL_FORMAT,
    description: 'how clients reach the service, path prefix included',
  }),
  KEEP_ALIVE_S: Integer({
    default: 72, minimum: 1, maximum: 3600, description: 'idle connections are kept for so long',
  }),
  SPOTIFY_MARKET: Type.String({
    default: '', pattern: '^([A-Z]{2})?$', description: 'market of requests that name none',
  }),
  HTTPS_PROXY: Proxy('proxy for calls to https URLs'),
  HTTP_PROXY: Proxy('proxy for calls to http URLs, and to https ones where HTTPS_PROXY is not set'),
  NO_PROXY: Type.String({
    default: '',
    description: 'hosts that are called without a proxy, their subdomains too, separated by commas; * is all',
  }),
  DATABASE_URL: Type.String({
    default: '',
    pattern: '^(postgres(ql)?://\\S+)?$',
    format: URL_FORMAT,
    description: 'PostgreSQL that several replicas share; none: SQLite in DATA_DIR',
  }),
  DATABASE_SCHEMA: Type.String({
    default: 'album_ingest',
    pattern: '^[a-z_][a-z0-9_]{0,39}$',
    description: 'schema of the tables: services with different ones do not see each other',
  }),
  RATE_LIMIT_KEY: Type.String({
    default: '',
    description: 'one value for all apps of one developer account, whose ' +
    'quota is counted together; none: the client id'
  }),
  ROLE: Type.Unsafe<typeof ROLES[number]>({
    type: 'string',
    enum: [...ROLES],
    default: 'all',
    description: 'api accepts runs and answers, worker executes them, all does both',
  }),
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

/** Translates the errors of ajv for users, one per variable. */
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

export type Related = Pick<Config, 'HOST' | 'API_KEYS' | 'ALLOW_ANONYMOUS' | 'DATABASE_URL' | 'ROLE'>

/** Fewer characters than this can be guessed from outside. */
const MIN_KEY_CHARACTERS = 16

/**
 * Reports which variables do not go together, and which keys cannot be sent or could be guessed: what no schema can
 * say.
 */
export function conflictsOf ({ HOST, API_KEYS, ALLOW_ANONYMOUS, DATABASE_URL, ROLE }: Related): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const keys = keysOf(API_KEYS)
  if (!keys.every((key) => /^[\x21-\x7e]+$/.test(key))) {
    problems.push({
      variable: 'API_KEYS',
      advice: 'has a key that no client can send in a header: use letters, digits and signs of ASCII, without spaces',
    })
  } else if (!isLoopback(HOST) && keys.some((key) => key.length < MIN_KEY_CHARACTERS)) {
    problems.push({
      variable: 'API_KEYS',
      advice: `has a key of fewer than ${MIN_KEY_CHARACTERS} characters, and ` +
      `HOST=${HOST} can be reached from outside: use longer ones (openssl rand -hex 24 makes one)`
    })
  }
  if (keys.length === 0 && !ALLOW_ANONYMOUS && !isLoopback(HOST)) {
    problems.push({
      variable: 'API_KEYS',
      advice: `is missing and HOST=${HOST} can be reached from outside: set ` +
      'API_KEYS, or HOST=127.0.0.1, or ALLOW_ANONYMOUS=true if that is what you want'
    })
  }
  if (DATABASE_URL === '' && ROLE !== 'all') {
    problems.push({
      variable: 'DATABASE_URL',
      advice: `is missing: with ROLE=${ROLE} another process does the rest, ` +
      'and finds its work in PostgreSQL; set DATABASE_URL, or unset ROLE'
    })
  }
  return problems
}

const QUOTES = /^["'`\u2018\u2019\u201c\u201d]|["'`\u2018\u2019\u201c\u201d]$/

/**
 * Reports what tools leave around values, which would otherwise fail later and elsewhere: quotes (`docker --env-file`
 * keeps them), and blanks or line ends (files of Windows). The value is never repeated: it may be a secret.
 */
export function wrappingsOf (data: Record<string, string>): ConfigProblem[] {
  return Object.keys(ConfigSchema.properties).flatMap((variable) => {
    const value = data[variable] ?? ''
    const parts = variable === 'API_KEYS' ? keysOf(value) : [value.trim()]
    if (parts.some((part) => QUOTES.test(part))) {
      return [{
        variable,
        advice: 'has quotes around its value, and they count as part of it (docker --env-file ' +
        'keeps them): write the value without quotes'
      }]
    }
    if (variable !== 'API_KEYS' && value.trim() !== value) {
      return [{
        variable,
        advice: 'has a blank or a line end around its value (a file with the line ends of Windows has): take it away',
      }]
    }
    return []
  })
}

/** Returns the account whose limits at Spotify the calls count against. */
export function accountOf (
  { RATE_LIMIT_KEY, SPOTIFY_CLIENT_ID }: Pick<Config, 'RATE_LIMIT_KEY' | 'SPOTIFY_CLIENT_ID'>
): string {
  return RATE_LIMIT_KEY === '' ? SPOTIFY_CLIENT_ID : RATE_LIMIT_KEY
}

/** The keys of API_KEYS. */
export function keysOf (text: string): string[] {
  return text.split(',').map((key) => key.trim()).filter((key) => key !== '')
}

export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** Returns whether `host`, a name or an address of any family, can only mean this machine. */
export function isLoopbackName (host: string): boolean {
  const bare = host.replace(/\.$/, '').replace(/^\[(.*)\]$/, '$1')
  return isLoopback(bare) || /^::ffff:7f[0-9a-f]{2}:/.test(bare)
}

const MAX_HOPS = 32
const NETWORK_NAMES = ['loopback', 'linklocal', 'uniquelocal']

/** Returns whether a text names proxies as `TRUST_PROXY` does. */
export function areProxies (text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= MAX_HOPS
  return text === '' || text.split(',').every((proxy) => isNetwork(proxy.trim()))
}

function isNetwork (text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0) return bits === undefined && NETWORK_NAMES.includes(address)
  return rest.length === 0 &&
    (bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
}

/** Returns whose `X-Forwarded-*` headers are trusted, in Fastify's terms; false: nobody's. */
export function trustedProxies (
  { TRUST_PROXY }: Pick<Config, 'TRUST_PROXY'>
): false | string | ((address: string, hop: number) => boolean) {
  if (TRUST_PROXY === '') return false
  if (!/^\d+$/.test(TRUST_PROXY)) return TRUST_PROXY
  const hops = Number(TRUST_PROXY)
  return (_address, hop) => hop < hops
}

const SHAPES: Record<string, string> = {
  DATABASE_URL: 'a postgres:// URL, as postgres://user:password@host:5432/database',
  DATABASE_SCHEMA: 'lower-case letters, digits and _, at most 40',
  TRUST_PROXY: 'addresses or networks separated by commas (10.0.0.0/8, loopback), or a number of hops from 1 to ' +
    `${MAX_HOPS}`,
  SPOTIFY_MARKET: 'two capital letters of ISO 3166-1 alpha-2',
}

function meaningOf (variable: string): string {
  return String(schemaOf(variable)?.['description'] ?? 'value')
}

function shapeOf (variable: string): string {
  const schema = schemaOf(variable)
  if (schema === undefined) return 'a known variable'
  if (schema['type'] === 'integer') {
    return `a whole number from ${String(schema['minimum'])} to ${String(schema['maximum'])}`
  }
  if (schema['type'] === 'boolean') return 'true or false'
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].join(', ')}`
  if (variable === 'HTTPS_PROXY' || variable === 'HTTP_PROXY') {
    return 'the http or https URL of a proxy, as http://user:password@host:port'
  }
  if (SHAPES[variable] !== undefined) return SHAPES[variable]
  return String(schema['pattern'] ?? '').includes(HTTP_URL)
    ? 'an http or https URL without a query, user or password'
    : 'a text without spaces that is not empty'
}

function schemaOf (variable: string): TSchema | undefined {
  return (ConfigSchema.properties as Record<string, TSchema | undefined>)[variable]
}

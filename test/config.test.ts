import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Config, ConfigError, ConfigSchema, isLoopback } from '../src/config.ts'
import { loadConfig } from '../src/plugins/config.ts'

const SECRET = 'a-secret-that-nobody-may-see'
const CREDENTIALS = { SPOTIFY_CLIENT_ID: 'an-id', SPOTIFY_CLIENT_SECRET: SECRET }
type Environment = Record<string, string | undefined>

/** The configuration that this environment, and this `.env`, give. */
async function configOf (env: Environment, envFile?: string): Promise<Config> {
  return await loadConfig({ env, ...envFile === undefined ? {} : { envFile } })
}

/** The lines that a user is told instead. */
async function linesOf (env: Environment, envFile?: string): Promise<string[]> {
  try {
    await configOf(env, envFile)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
}

const envFile = (t: Test, text: string): string => join(t.testdir({ '.env': text }), '.env')

const DEFAULTS = {
  HOST: '127.0.0.1',
  PORT: 3000,
  LOG_LEVEL: 'info',
  DATA_DIR: './data',
  SPOTIFY_API_URL: 'https://api.spotify.com/v1',
  SPOTIFY_TOKEN_URL: 'https://accounts.spotify.com/api/token',
  SPOTIFY_CALLS_PER_30S: 90,
  SPOTIFY_MAX_CONCURRENCY: 10,
  SPOTIFY_TIMEOUT_MS: 15_000,
  SPOTIFY_MAX_ATTEMPTS: 5,
  SPOTIFY_MAX_WAIT_S: 60,
  MAX_ALBUMS_PER_RUN: 1000,
  RUN_CONCURRENCY: 1,
  MAX_QUEUED_RUNS: 100,
  ALBUM_CACHE_HOURS: 24,
  MAX_STORED_RUNS: 10_000,
  RETENTION_DAYS: 30,
  API_KEYS: '',
  ALLOW_ANONYMOUS: false,
  TRUST_PROXY: '',
  PUBLIC_URL: '',
  KEEP_ALIVE_S: 72,
  SPOTIFY_MARKET: '',
  DATABASE_URL: '',
  DATABASE_SCHEMA: 'album_ingest',
  RATE_LIMIT_KEY: '',
  ROLE: 'all',
}

t.test('with credentials alone, every other variable has the default of the contract', async (t) => {
  t.match(await configOf(CREDENTIALS), { ...CREDENTIALS, ...DEFAULTS })
})

t.test('every variable has a meaning, and all but the credentials have a default', async (t) => {
  for (const [name, schema] of Object.entries(ConfigSchema.properties)) {
    t.match(schema, { description: /\w/ }, name)
    t.equal('default' in schema, !(name in CREDENTIALS), name)
  }
})

t.test('what is set as a text has its type, and what is not known is ignored', async (t) => {
  const config = await configOf({
    ...CREDENTIALS,
    PORT: '0',
    HOST: '0.0.0.0',
    ALLOW_ANONYMOUS: 'true',
    SPOTIFY_MAX_WAIT_S: '0',
    PATH: '/bin',
    HOME: undefined,
  })
  t.match(config, { PORT: 0, HOST: '0.0.0.0', ALLOW_ANONYMOUS: true, SPOTIFY_MAX_WAIT_S: 0 })
  t.notOk('PATH' in config)
})

t.test('nothing set: one line for each credential, with what to do', async (t) => {
  t.strictSame(await linesOf({}), [
    'SPOTIFY_CLIENT_ID is missing: set it to the client id of your app, from https://developer.spotify.com/dashboard',
    'SPOTIFY_CLIENT_SECRET is missing: set it to the client secret of your app',
  ])
})

for (const name of ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET']) {
  for (const [what, value] of [['not set', undefined], ['empty', '']] as const) {
    t.test(`${name} ${what}: one line`, async (t) => {
      const lines = await linesOf({ ...CREDENTIALS, [name]: value })
      t.equal(lines.length, 1)
      t.match(lines[0], new RegExp(`^${name} is (missing|empty): set it to the client`))
    })
  }
  t.test(`${name} with a space: one line, which does not repeat it`, async (t) => {
    const lines = await linesOf({ ...CREDENTIALS, [name]: 'two words' })
    t.equal(lines.length, 1)
    t.match(lines[0], new RegExp(`^${name} is wrong: it must be a text without spaces`))
    t.notMatch(lines[0], /two words/)
  })
}

for (const name of Object.keys(DEFAULTS)) {
  t.test(`${name} empty means not set`, async (t) => {
    const { [name]: value } = await configOf({ ...CREDENTIALS, [name]: '' }) as Record<string, unknown>
    t.equal(value, DEFAULTS[name as keyof typeof DEFAULTS])
  })
}

t.test('a .env that cannot be read is named, with what to do; one that an editor ' +
  'has marked as UTF-8 is read', async (t) => {
  const folder = t.testdir({ '.env': {} })
  t.match(await linesOf(CREDENTIALS, join(folder, '.env')), [/\.env cannot be read \(EISDIR.*take it away/])
  const file = envFile(t, '\uFEFFPORT=4567\n')
  t.match(await configOf(CREDENTIALS, file), { PORT: 4567 })
})

t.test('a key that no client can send is refused', async (t) => {
  for (const API_KEYS of ['geheim,schlüssel', 'two words', 'a\nb', 'ok,\u2003x\u2003y']) {
    t.match(
      await linesOf({ ...CREDENTIALS, API_KEYS }),
      [/^API_KEYS has a key that no client can send/],
      JSON.stringify(API_KEYS)
    )
  }
})

t.test('empty in .env means not set too', async (t) => {
  const file = envFile(t, Object.keys(DEFAULTS).map((name) => `${name}=\n`).join(''))
  t.same(await linesOf(CREDENTIALS, file), [])
  t.match(await configOf(CREDENTIALS, file), DEFAULTS)
})

const WRONG: Array<[name: string, values: string[], shape: RegExp]> = [
  ['PORT', ['-1', '65536', '80.5', 'http', '80a'], /a whole number from 0 to 65535/],
  ['LOG_LEVEL', ['verbose', 'INFO', '1'], /one of trace, debug, info, warn, error, fatal, silent/],
  [
    'SPOTIFY_API_URL',
    [
      'api.spotify.com',
      'ftp://api.spotify.com',
      'https://',
      'https://a b',
      'https://a/?b=c',
      'https://a/#b',
      'http://:3000',
      'http://a:99999',
      'https://[x]',
    ],
    /an http or https URL/,
  ],
  ['SPOTIFY_TOKEN_URL', ['accounts.spotify.com', 'x'], /an http or https URL/],
  ['SPOTIFY_CALLS_PER_30S', ['0', '-5', '1.5', 'many', '1000001'], /a whole number from 1/],
  ['SPOTIFY_MAX_CONCURRENCY', ['0', '101', 'x'], /a whole number from 1 to 100/],
  ['SPOTIFY_TIMEOUT_MS', ['99', '15s', '600001'], /a whole number from 100/],
  ['SPOTIFY_MAX_ATTEMPTS', ['0', '21', 'x'], /a whole number from 1 to 20/],
  ['SPOTIFY_MAX_WAIT_S', ['-1', '86401', '1m'], /a whole number from 0/],
  ['MAX_ALBUMS_PER_RUN', ['0', 'x'], /a whole number from 1/],
  ['RUN_CONCURRENCY', ['0', 'x'], /a whole number from 1/],
  ['MAX_QUEUED_RUNS', ['-1', 'x'], /a whole number from 0/],
  ['ALBUM_CACHE_HOURS', ['-1', '8761', 'x'], /a whole number from 0/],
  ['MAX_STORED_RUNS', ['-1', '10000001', '1.5'], /a whole number from 0/],
  ['RETENTION_DAYS', ['-1', 'x'], /a whole number from 0/],
  ['ALLOW_ANONYMOUS', ['yes', '2', 'TRUE', 'on'], /true or false/],
  ['ROLE', ['both', 'API', 'workers'], /one of all, api, worker/],
]
for (const [name, values, shape] of WRONG) {
  for (const value of values) {
    t.test(`${name}=${value}: one line that names it and says what it must be`, async (t) => {
      const lines = await linesOf({ ...CREDENTIALS, [name]: value })
      t.equal(lines.length, 1)
      t.match(lines[0], new RegExp(`^${name} is wrong: it must be .+ \\(.+\\)$`))
      t.match(lines[0], shape)
    })
  }
}

t.test('everything that is wrong is told at once, a line each', async (t) => {
  const lines = await linesOf({ PORT: 'x', LOG_LEVEL: 'x', SPOTIFY_CLIENT_SECRET: SECRET, RUN_CONCURRENCY: '0' })
  t.same(lines.map((line) => line.split(' ')[0]).sort(), ['LOG_LEVEL', 'PORT', 'RUN_CONCURRENCY', 'SPOTIFY_CLIENT_ID'])
  t.notMatch(lines.join(), new RegExp(SECRET))
})

const LOCAL = ['127.0.0.1', 'localhost', '::1', '127.0.1.1']
const REACHABLE = [
  '0.0.0.0',
  '::',
  '192.168.1.5',
  '10.0.0.1',
  'example.com',
  'localhost.example.com',
  '127.0.0.1.example.com',
  '1270.0.0.1',
]
t.test('what is a loopback address', async (t) => {
  t.notOk(isLoopback('127.999.1.1'))
  t.same(LOCAL.map(isLoopback), LOCAL.map(() => true))
  t.same(REACHABLE.map(isLoopback), REACHABLE.map(() => false))
})

for (const host of REACHABLE) {
  t.test(`HOST=${host} without a key is refused, unless that is what is wanted`, async (t) => {
    const lines = await linesOf({ ...CREDENTIALS, HOST: host })
    t.equal(lines.length, 1)
    t.match(lines[0], /^API_KEYS is missing/)
    t.ok(lines[0]?.includes(`HOST=${host}`))
    t.same(await linesOf({ ...CREDENTIALS, HOST: host, API_KEYS: 'a-key-of-16-chars' }), [])
    t.same(await linesOf({ ...CREDENTIALS, HOST: host, ALLOW_ANONYMOUS: 'true' }), [])
  })
}

for (const keys of [',', ' ', ' , ,', '\t']) {
  t.test(`HOST=0.0.0.0 with API_KEYS=${JSON.stringify(keys)}, which are none, is refused: the ` +
    'service would be open to all', async (t) => {
    const lines = await linesOf({ ...CREDENTIALS, HOST: '0.0.0.0', API_KEYS: keys })
    t.equal(lines.length, 1)
    t.match(lines[0], /^API_KEYS/)
  })
}

t.test('a reachable host without a key is told together with everything else', async (t) => {
  const lines = await linesOf({ HOST: '0.0.0.0' })
  t.same(lines.map((line) => line.split(' ')[0]).sort(), ['API_KEYS', 'SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET'])
})

t.test('a role of its own wants DATABASE_URL, told in one line that says what to do', async (t) => {
  const url = `postgres://user:${SECRET}@postgres.example:5432/database`
  for (const ROLE of ['api', 'worker']) {
    const lines = await linesOf({ ...CREDENTIALS, ROLE })
    t.equal(lines.length, 1)
    t.match(lines[0], new RegExp(`^DATABASE_URL is missing: with ROLE=${ROLE} .*set DATABASE_URL`))
    t.match(await configOf({ ...CREDENTIALS, ROLE, DATABASE_URL: url }), { ROLE, DATABASE_URL: url })
  }
})

for (const url of [
  'postgres://user@host/database',
  'postgresql://user:p%40ss@host:5432/database?sslmode=verify-full',
  'postgres://host',
]) {
  t.test(`DATABASE_URL=${url} is right`, async (t) => {
    t.match(await configOf({ ...CREDENTIALS, DATABASE_URL: url }), { DATABASE_URL: url })
  })
}

for (const url of [
  'localhost:5432',
  'http://localhost:5432',
  'postgres://',
  'mysql://host/database',
  'postgres://a b',
  `postgres:user:${SECRET}@host`,
  'postgres://host:99999/database',
]) {
  t.test(`DATABASE_URL=${url.replace(SECRET, '…')}: one line, which does not repeat it`, async (t) => {
    const lines = await linesOf({ ...CREDENTIALS, DATABASE_URL: url })
    t.equal(lines.length, 1)
    t.match(lines[0], /^DATABASE_URL is wrong: it must be a postgres:\/\/ URL/)
    t.ok(url === 'postgres://' || !String(lines[0]).includes(url))
  })
}

t.test('all that is wrong with replicas is told with the rest', async (t) => {
  const lines = await linesOf({
    SPOTIFY_CLIENT_ID: 'id',
    DATABASE_URL: 'localhost',
    DATABASE_SCHEMA: 'two words',
    ROLE: 'none',
  })
  t.same(lines.map((line) => line.split(' ')[0]).sort(), [
    'DATABASE_SCHEMA',
    'DATABASE_URL',
    'ROLE',
    'SPOTIFY_CLIENT_SECRET',
  ])
})

t.test('.env is read where it is named, and the environment goes before it', async (t) => {
  const file = envFile(
    t,
    `SPOTIFY_CLIENT_ID=from-file\nSPOTIFY_CLIENT_SECRET="${SECRET}"\nPORT=4000\n# a comment\nLOG_LEVEL=debug\n`
  )
  t.match(await configOf({ PORT: '5000' }, file), {
    SPOTIFY_CLIENT_ID: 'from-file',
    SPOTIFY_CLIENT_SECRET: SECRET,
    PORT: 5000,
    LOG_LEVEL: 'debug',
  })
})

t.test('an empty variable of the environment does not hide the one in .env', async (t) => {
  const file = envFile(t, 'SPOTIFY_CLIENT_ID=from-file\nSPOTIFY_CLIENT_SECRET=x\n')
  t.equal((await configOf({ SPOTIFY_CLIENT_ID: '' }, file)).SPOTIFY_CLIENT_ID, 'from-file')
})

t.test('a .env that is not there is none', async (t) => {
  t.match(await configOf(CREDENTIALS, join(t.testdir(), '.env')), DEFAULTS)
})

t.test('a .env that is a template as it comes asks for the credentials only', async (t) => {
  const file = envFile(t, 'HOST=127.0.0.1\nPORT=3000\nSPOTIFY_CLIENT_ID=\nSPOTIFY_CLIENT_SECRET=\nAPI_KEYS=\n')
  t.same((await linesOf({}, file)).map((line) => line.split(' ')[0]), ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET'])
})

t.test('two services of one process do not share their configuration', async (t) => {
  const [one, other] = [await configOf({ ...CREDENTIALS, PORT: '1' }), await configOf({ ...CREDENTIALS, PORT: '2' })]
  t.same([one.PORT, other.PORT], [1, 2])
  t.match(await configOf(CREDENTIALS), { PORT: 3000 })
})

const QUOTED = ['"abc"', "'abc'", '`abc`', '"abc', "abc'", '\u201cabc\u201d']
t.test('quotes that a tool left around a value are refused at the start, in one ' +
  'line that does not repeat it', async (t) => {
  for (const name of [
    'SPOTIFY_CLIENT_ID',
    'SPOTIFY_CLIENT_SECRET',
    'API_KEYS',
    'HOST',
    'PORT',
    'DATA_DIR',
    'PUBLIC_URL',
  ]) {
    for (const value of [...QUOTED, ...name === 'API_KEYS' ? ['good-key,"abc"', '"abc,good-key"'] : []]) {
      const lines = await linesOf({ ...CREDENTIALS, [name]: value })
      t.equal(lines.length, 1, `${name}=${value}`)
      t.match(lines[0], new RegExp(`^${name} has quotes around its value.*docker --env-file.*without quotes$`))
      t.notMatch(lines[0], /abc/)
    }
  }
})

t.test('a blank or a line end of Windows around a value is refused too; around a key it is taken off', async (t) => {
  for (const name of ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET', 'HOST', 'DATA_DIR', 'LOG_LEVEL']) {
    for (const value of ['info\r', ' info', 'info\t']) {
      t.match(
        await linesOf({ ...CREDENTIALS, [name]: value }),
        [new RegExp(`^${name} has a blank or a line end around`)],
        `${name}=${JSON.stringify(value)}`
      )
    }
  }
  t.same(await linesOf({ ...CREDENTIALS, API_KEYS: 'a-key, another\r' }), [])
})

t.test('a key that could be guessed is refused where it can be tried from outside', async (t) => {
  for (const API_KEYS of ['fifteen-letters', 'a-key-of-16-chars,short']) {
    t.match(await linesOf({ ...CREDENTIALS, API_KEYS, HOST: '0.0.0.0' }), [
      /^API_KEYS has a key of fewer than 16 characters.*use longer ones/,
    ])
    t.match(await linesOf({ ...CREDENTIALS, API_KEYS, HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'true' }), [
      /^API_KEYS has a key of fewer/,
    ])
    t.same(await linesOf({ ...CREDENTIALS, API_KEYS }), [])
  }
})

const SHAPED: Array<[name: string, right: string[], wrong: string[], shape: RegExp]> = [
  [
    'TRUST_PROXY',
    ['1', '32', '10.0.0.1', '10.0.0.0/8, ::1', 'loopback,fc00::/7'],
    ['0', '33', '-1', 'true', 'proxy.example', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/', '1.2.3.4/5/6', ',', '::/129'],
    /addresses or networks/,
  ],
  [
    'PUBLIC_URL',
    ['https://a.example', 'http://a:8080/b/'],
    ['a.example', '/albums', 'https://a?b', 'https://a#b', 'https://user:password@a', 'ftp://a'],
    /http or https URL/,
  ],
  ['KEEP_ALIVE_S', ['1', '3600'], ['0', '3601', '5s'], /a whole number from 1/],
  ['SPOTIFY_MARKET', ['DE'], ['de', 'DEU', 'D', '49'], /two capital letters/],
  [
    'DATABASE_SCHEMA',
    ['a', '_a1', 'x'.repeat(40)],
    ['Album', '1a', 'a-b', 'a.b', 'a"b', 'x'.repeat(41)],
    /lower-case letters, digits and _, at most 40/,
  ],
  ['SPOTIFY_API_URL', ['http://a/v1'], ['https://user:password@a/v1'], /without a query, user or password/],
]
for (const [name, right, wrong, shape] of SHAPED) {
  t.test(`${name}: what is right, and one line for what is wrong`, async (t) => {
    for (const value of right) t.same(await linesOf({ ...CREDENTIALS, [name]: value }), [], value)
    for (const value of wrong) {
      t.match(
        await linesOf({ ...CREDENTIALS, [name]: value }),
        [new RegExp(`^${name} is wrong: it must be .*${shape.source}`)],
        value
      )
    }
  })
}

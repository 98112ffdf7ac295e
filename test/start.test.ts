import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import t from 'tap'
import { post, runProgram, startProcess, untilEnded } from './process.ts'
import { environment, startSandbox, temporaryFolder } from './service.ts'

const SERVER = join(process.cwd(), 'src', 'server.ts')
const CREDENTIALS = { SPOTIFY_CLIENT_ID: 'id', SPOTIFY_CLIENT_SECRET: 'secret' }

const REFUSED: Array<{ title: string, env: Record<string, string>, lines: RegExp[] }> = [
  {
    title: 'nothing is set',
    env: {},
    lines: [/^SPOTIFY_CLIENT_ID is missing: set it/, /^SPOTIFY_CLIENT_SECRET is missing: set it/],
  },
  {
    title: 'a variable is empty',
    env: { ...CREDENTIALS, SPOTIFY_CLIENT_SECRET: '' },
    lines: [/^SPOTIFY_CLIENT_SECRET is missing/],
  },
  {
    title: 'several are malformed',
    env: {
      ...CREDENTIALS,
      PORT: '99999',
      LOG_LEVEL: 'loud',
      SPOTIFY_API_URL: 'ftp://x',
      SPOTIFY_MAX_ATTEMPTS: '1.5',
      ALLOW_ANONYMOUS: 'maybe',
    },
    lines: [
      /^PORT is wrong: it must be a whole number from 0 to 65535/, /^LOG_LEVEL is wrong: it must be one of trace,/,
      /^SPOTIFY_API_URL is wrong: it must be an http/,
      /^SPOTIFY_MAX_ATTEMPTS is wrong: it must be a whole number/,
      /^ALLOW_ANONYMOUS is wrong: it must be true or false/,
    ],
  },
  {
    title: 'anyone could reach it and no key is wanted',
    env: { ...CREDENTIALS, HOST: '0.0.0.0' },
    lines: [/^API_KEYS is missing and HOST=0\.0\.0\.0 .*ALLOW_ANONYMOUS=true/],
  },
  {
    title: 'DATABASE_URL is none of PostgreSQL',
    env: { ...CREDENTIALS, DATABASE_URL: 'mysql://localhost/x' },
    lines: [/^DATABASE_URL is wrong: it must be a postgres:\/\/ URL/],
  },
  {
    title: 'it has a role of its own, and no PostgreSQL',
    env: { ...CREDENTIALS, ROLE: 'worker' },
    lines: [/^DATABASE_URL is missing: with ROLE=worker .*set DATABASE_URL/],
  },
  { title: 'DATA_DIR cannot be a folder', env: { ...CREDENTIALS, DATA_DIR: '/dev/null/data' }, lines: [/\/dev\/null/] },
]

for (const { title, env, lines } of REFUSED) {
  t.test(`the service does not start when ${title}: a line for each problem, ` +
    'no stack trace, exit code 1', async (t) => {
    const { code, stdout, stderr } = await runProgram(SERVER, [], env, await temporaryFolder(t))
    t.equal(code, 1)
    const printed = stderr.trim().split('\n')
    t.equal(printed.length, lines.length, stderr)
    for (const line of lines) t.ok(printed.some((text) => line.test(text)), String(line))
    t.notMatch(stdout + stderr, /^\s+at /m)
  })
}

t.test('a .env file is read, and the environment goes before it', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, '.env'), 'SPOTIFY_CLIENT_ID=id\nSPOTIFY_CLIENT_SECRET=\nPORT=none\n')
  const { stderr } = await runProgram(SERVER, [], { PORT: '-1' }, folder)
  t.match(stderr, /^SPOTIFY_CLIENT_SECRET is missing: set it to the client secret/m)
  t.notMatch(stderr, /SPOTIFY_CLIENT_ID/)
})

t.test('a port that is taken is said in one line', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const { code, stderr } = await runProgram(SERVER, [], {
    ...environment(sandboxUrl, await temporaryFolder(t)),
    PORT: new URL(sandboxUrl).port,
  })
  t.equal(code, 1)
  t.equal(stderr, 'PORT is in use by another process: set PORT to a free one\n')
})

t.test('a database that is none is said in one line, and left as it is', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const path = join(env['DATA_DIR'] ?? '', 'service.db')
  await writeFile(path, 'this is no database, and longer than its header has to be: '.repeat(20))
  const before = await readFile(path)
  const { code, stderr } = await runProgram(SERVER, [], { ...env, PORT: '0' })
  t.equal(code, 1)
  t.match(
    stderr,
    /^.*service\.db is no database: restore it from a backup, or move it away to begin without any run\n$/
  )
  t.same(await readFile(path), before)
})

t.test('a folder of an earlier version is named in one line of the log', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const env = environment(sandboxUrl, await temporaryFolder(t))
  await mkdir(join(env['DATA_DIR'] ?? '', 'runs'))
  const service = await startProcess(t, env)
  t.match(service.output(), /DATA_DIR has runs of an earlier version, which this one does not read/)
})

t.test('two processes share a DATA_DIR: each run is executed once, either answers for ' +
  'it, and they keep one pace', async (t) => {
  const limit = 60
  const { sandbox, sandboxUrl } = await startSandbox(t, { latencyMs: 20 })
  const env = {
    ...environment(sandboxUrl, await temporaryFolder(t)),
    SPOTIFY_CALLS_PER_30S: String(limit),
    ALBUM_CACHE_HOURS: '0',
  }
  const both = [await startProcess(t, env), await startProcess(t, env)] as const
  const ids = await Promise.all(
    Array.from(
      { length: 4 },
      async (_, place) => (await post(both[place % 2 === 0 ? 0 : 1].url, { source: 'search', limit: 3 + place })).id
    )
  )
  for (const [place, id] of ids.entries()) {
    t.match(await untilEnded(both[place % 2 === 0 ? 1 : 0].url, id), { status: 'succeeded', complete: true })
    const executions = both.map(
      ({ output }) =>
        output()
          .split('\n')
          .filter((line) => line.includes('"run started"') && line.includes(id)).length
    )
    t.equal(executions.reduce((sum, count) => sum + count, 0), 1, 'executed once')
  }
  t.ok(sandbox.sandbox.stats().peakPer30s <= limit, `${sandbox.sandbox.stats().peakPer30s} calls in 30 s`)
})

t.test('without DATABASE_URL nothing that talks to PostgreSQL is loaded; with it, it is', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const folder = await temporaryFolder(t)
  const tell = join(folder, 'tell.mjs')
  await writeFile(tell, `import { createRequire } from 'node:module'
const { cache } = createRequire(import.meta.url)
process.once('exit', () => console.log('loaded:', Object.keys(cache).filter((path) => /node_modules.pg(-pool)?./.test(path)).length))
`)
  for (const [env, count] of [
    [{}, /^loaded: 0$/m],
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/x' }, /^loaded: [1-9]\d*$/m],
  ] as const) {
    const service = await startProcess(t, {
      ...environment(sandboxUrl, join(folder, 'data')),
      ...env,
      NODE_OPTIONS: `--import=${tell}`,
    })
    t.equal((await service.kill('SIGTERM')).code, 0)
    t.match(service.output(), count)
  }
})

t.test('a wrong secret is in the log of the start, and gives a failed run whose error says so', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const service = await startProcess(t, {
    ...environment(sandboxUrl, await temporaryFolder(t)),
    SPOTIFY_CLIENT_SECRET: 'not-the-secret',
  })
  while (!/"msg":"Spotify refuses the credentials"/.test(service.output())) {
    await once(service.child.stdout as Readable, 'data')
  }
  t.match(service.output(), /"detail":"[^\n]*check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET/)
  const run = await untilEnded(service.url, (await post(service.url)).id)
  t.match(run, {
    status: 'failed',
    error: { code: 'invalid_client', detail: /400.*check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET/ },
    cost: { calls: 0 },
  })
  t.notMatch(service.output(), /not-the-secret/)
})

t.test('the service listens within 1 s; on a busy machine, in the time of 25 bare starts of Node.js', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const starts: Array<{ ms: number, bareMs: number }> = []
  const isQuick = ({ ms, bareMs }: { ms: number, bareMs: number }): boolean => ms < Math.max(1000, 25 * bareMs)
  for (let start = 0; start < 3 && !starts.some(isQuick); start++) {
    const bare = performance.now()
    await runProgram('--eval', ['0'])
    const bareMs = Math.round(performance.now() - bare)
    const service = await startProcess(t, environment(sandboxUrl, await temporaryFolder(t)))
    starts.push({ ms: Math.round(service.startedInMs), bareMs })
    t.equal((await service.kill('SIGTERM')).code, 0)
  }
  t.ok(starts.some(isQuick), JSON.stringify(starts))
})

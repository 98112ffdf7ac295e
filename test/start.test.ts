import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable } from 'node:stream'
import t from 'tap'
import { post, runProgram, startProcess, untilEnded } from './process.ts'
import { environment, startSandbox, temporaryFolder } from './service.ts'

const SERVER = join(process.cwd(), 'src', 'server.ts')
const CREDENTIALS = { SPOTIFY_CLIENT_ID: 'id', SPOTIFY_CLIENT_SECRET: 'secret' }

const REFUSED: Array<{ title: string, env: Record<string, string>, lines: RegExp[] }> = [
  { title: 'nothing is set', env: {}, lines: [/^SPOTIFY_CLIENT_ID is missing: set it/, /^SPOTIFY_CLIENT_SECRET is missing: set it/] },
  { title: 'a variable is empty', env: { ...CREDENTIALS, SPOTIFY_CLIENT_SECRET: '' }, lines: [/^SPOTIFY_CLIENT_SECRET is missing/] },
  {
    title: 'several are malformed',
    env: { ...CREDENTIALS, PORT: '99999', LOG_LEVEL: 'loud', SPOTIFY_API_URL: 'ftp://x', SPOTIFY_MAX_ATTEMPTS: '1.5', ALLOW_ANONYMOUS: 'maybe' },
    lines: [
      /^PORT is wrong: it must be a whole number from 0 to 65535/, /^LOG_LEVEL is wrong: it must be one of trace,/, /^SPOTIFY_API_URL is wrong: it must be an http/,
      /^SPOTIFY_MAX_ATTEMPTS is wrong: it must be a whole number/, /^ALLOW_ANONYMOUS is wrong: it must be true or false/,
    ],
  },
  { title: 'anyone could reach it and no key is wanted', env: { ...CREDENTIALS, HOST: '0.0.0.0' }, lines: [/^API_KEYS is missing and HOST=0\.0\.0\.0 .*ALLOW_ANONYMOUS=true/] },
  { title: 'there is a Redis, and DATA_DIR is not said to be shared', env: { ...CREDENTIALS, REDIS_URL: 'redis://:a-password@localhost' }, lines: [/^STORE_SHARED is missing: .*set STORE_SHARED=true/] },
  { title: 'it has a role of its own, and no Redis', env: { ...CREDENTIALS, ROLE: 'worker' }, lines: [/^REDIS_URL is missing: with ROLE=worker .*set REDIS_URL/] },
  { title: 'DATA_DIR cannot be a folder', env: { ...CREDENTIALS, DATA_DIR: '/dev/null/data' }, lines: [/\/dev\/null/] },
]

for (const { title, env, lines } of REFUSED) {
  t.test(`the service does not start when ${title}: a line for each problem, no stack trace, exit code 1`, async (t) => {
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
  const { code, stderr } = await runProgram(SERVER, [], { ...environment(sandboxUrl, await temporaryFolder(t)), PORT: new URL(sandboxUrl).port })
  t.equal(code, 1)
  t.equal(stderr, 'PORT is in use by another process: set PORT to a free one\n')
})

t.test('a second service on the same DATA_DIR refuses to start; after kill -9 of the first the next one starts at once', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const deep = join(await temporaryFolder(t), 'a-long-name-for-a-folder'.repeat(5))
  await mkdir(deep)
  for (const dataDir of [await temporaryFolder(t), deep]) {
    const env = environment(sandboxUrl, dataDir)
    const first = await startProcess(t, env)
    const { code, stderr } = await runProgram(SERVER, [], { ...env, PORT: '0' })
    t.equal(code, 1)
    t.match(stderr, /^another process uses DATA_DIR .*: stop it, or set another DATA_DIR\n$/)
    await first.kill('SIGKILL')
    await (await startProcess(t, env)).kill('SIGTERM')
  }
})

t.test('without REDIS_URL nothing that talks to Redis is loaded; with it, it is', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const folder = await temporaryFolder(t)
  const tell = join(folder, 'tell.mjs')
  await writeFile(tell, `import { createRequire } from 'node:module'
const { cache } = createRequire(import.meta.url)
process.once('exit', () => console.log('loaded:', Object.keys(cache).filter((path) => /node_modules.(bullmq|ioredis)./.test(path)).length))
`)
  for (const [env, count] of [[{}, /^loaded: 0$/m], [{ REDIS_URL: 'redis://127.0.0.1:1', STORE_SHARED: 'true' }, /^loaded: [1-9]\d+$/m]] as const) {
    const service = await startProcess(t, { ...environment(sandboxUrl, join(folder, 'data')), ...env, NODE_OPTIONS: `--import=${tell}` })
    await untilEnded(service.url, (await post(service.url, { limit: 1 })).id, AbortSignal.timeout(500)).catch(() => {})
    t.equal((await service.kill('SIGTERM')).code, 0)
    t.match(service.output(), count)
  }
})

t.test('a wrong secret is in the log of the start, and gives a failed run whose error says so', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const service = await startProcess(t, { ...environment(sandboxUrl, await temporaryFolder(t)), SPOTIFY_CLIENT_SECRET: 'not-the-secret' })
  while (!/"msg":"Spotify refuses the credentials"/.test(service.output())) await once(service.child.stdout as Readable, 'data')
  t.match(service.output(), /"detail":"[^\n]*check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET/)
  const run = await untilEnded(service.url, (await post(service.url)).id)
  t.match(run, { status: 'failed', error: { code: 'invalid_client', detail: /400.*check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET/ }, cost: { calls: 0 } })
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

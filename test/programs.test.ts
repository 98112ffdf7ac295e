import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createCatalogue } from '../src/sandbox/catalogue.ts'
import { runProgram } from './process.ts'
import { type Document, environment, startSandbox, temporaryFolder } from './service.ts'
import { matchesTruth } from './truth.ts'

const CLI = join(process.cwd(), 'src', 'cli.ts')
const DEMO = join(process.cwd(), 'src', 'demo.ts')

t.test('npm run ingest: the path alone on stdout, the rest on stderr, exit code 0', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const { code, stdout, stderr } = await runProgram(CLI, ['--limit', '30', '--pagination', 'offset'], env)
  t.equal(code, 0, stderr)
  t.match(stdout, /^\/.*\/album_items_\d{8}T\d{6}Z_[0-9a-f]{6}\.json\n$/)
  t.match(stderr, /^succeeded: 30 of 30 albums/m)
  const document = JSON.parse(await readFile(stdout.trim(), 'utf8')) as Document
  t.match(document, { request: { limit: 30, pagination: 'offset' }, status: 'succeeded' })
  matchesTruth(t, document, sandbox, sandboxUrl)
})

t.test('npm run ingest --out: a copy in that folder, and its path', async (t) => {
  const { sandboxUrl } = await startSandbox(t, { tier: 'extended' })
  const out = join(await temporaryFolder(t), 'made', 'when missing')
  const { code, stdout } = await runProgram(CLI, ['--limit', '5', '--out', out], environment(sandboxUrl, await temporaryFolder(t)))
  t.equal(code, 0)
  t.ok(stdout.startsWith(`${out}/album_items_`))
  await access(stdout.trim())
})

t.test('npm run ingest: a partial run exits with 2 and names what is missing, and still has a file', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const lost = sandbox.sandbox.catalogue.searchOrder[3] ?? ''
  sandbox.sandbox.change({ faults: [{ kind: 'not-found', endpoint: 'album', albumId: lost }] })
  const { code, stdout, stderr } = await runProgram(CLI, ['--limit', '10'], environment(sandboxUrl, await temporaryFolder(t)))
  t.equal(code, 2)
  t.match(stderr, new RegExp(`^missing: ${lost} .*album_unavailable: .*404`, 'm'))
  t.match(stdout, /album_items_/)
})

t.test('npm run ingest: a failed run exits with 1, says why, and prints no path', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const { code, stdout, stderr } = await runProgram(CLI, [], { ...environment(sandboxUrl, await temporaryFolder(t)), SPOTIFY_CLIENT_SECRET: 'wrong' })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^invalid_client: .*SPOTIFY_CLIENT_SECRET/m)
})

t.test('npm run ingest: a quota that is spent ends the command at once, and so it does the same command before its time', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  sandbox.sandbox.change({ faults: [{ kind: 'quota', endpoint: 'album', skip: 20, times: 1, retryAfter: '48925' }] })
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const first = await runProgram(CLI, ['--limit', '40'], env)
  t.equal(first.code, 1)
  t.match(first.stderr, /^quota_exceeded: .*no call before/m)
  t.match(first.stderr, /the same command after .* goes on where this one stopped/)
  const { calls } = sandbox.sandbox.stats()
  const second = await runProgram(CLI, ['--limit', '40'], env)
  t.equal(second.code, 1)
  t.equal(sandbox.sandbox.stats().calls, calls, 'not one call while Spotify does not want any')
})

t.test('npm run ingest: the same command after the time that the first one named goes on where that stopped, and succeeds', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  sandbox.sandbox.change({ faults: [{ kind: 'quota', endpoint: 'album', skip: 20, times: 1, retryAfter: '2' }] })
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const first = await runProgram(CLI, ['--limit', '40'], env)
  t.equal(first.code, 1)
  const [, resumeAt = ''] = /the same command after (\S+) goes on/.exec(first.stderr) ?? []
  await delay(Math.max(0, Date.parse(resumeAt) - Date.now()) + 1)
  const second = await runProgram(CLI, ['--limit', '40'], env)
  t.equal(second.code, 0, second.stderr)
  t.match(second.stderr, /^succeeded: 40 of 40 albums/m)
  const document = JSON.parse(await readFile(second.stdout.trim(), 'utf8')) as Document
  matchesTruth(t, document, sandbox, sandboxUrl)
  t.ok(Object.values(sandbox.sandbox.stats().served).every((times) => times === 1), 'no album was fetched twice')
})

const WRONG: Array<[args: string[], line: RegExp]> = [
  [['--limit', 'many'], /^--limit cannot be "many": it must be integer/],
  [['--limit', '0'], /^--limit cannot be 0: it must be >= 1/],
  [['--source', 'radio'], /^--source cannot be "radio": it must be one of auto, new-releases/],
  [['--market', 'germany'], /^--market cannot be "germany": it must be ISO 3166-1 alpha-2/],
  [['--source', 'albums'], /^source "albums" needs --album-ids/],
  [['--artist-ids', 'a'.repeat(22)], /^--artist-ids is only for source "artists"/],
  [['--speed', '9'], /^Unknown option '--speed'.*--help/],
  [['extra'], /^Unexpected argument 'extra'/],
]

t.test('npm run ingest: wrong options are said in one line, exit code 1', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const env = environment(sandboxUrl, await temporaryFolder(t))
  for (const [args, line] of WRONG) {
    const { code, stdout, stderr } = await runProgram(CLI, args, env)
    t.equal(code, 1)
    t.match(stderr.trim().split('\n').at(-1), line)
    t.equal(stdout, '')
  }
  const help = await runProgram(CLI, ['--help'])
  t.equal(help.code, 0)
  t.match(help.stdout, /--pagination P/)
})

t.test('npm run demo: a wrong option is said in one line, exit code 1', async (t) => {
  for (const [args, line] of [[['--tier', 'gold'], '--tier cannot be "gold": it must be one of extended, development'], [['--latency-ms', 'abc'], '--latency-ms cannot be "abc": it must be a whole number of milliseconds, of at most 99999']] as const) {
    t.match(await runProgram(DEMO, ['--once', ...args], {}, await temporaryFolder(t)), { code: 1, stdout: '', stderr: `${line}\n` })
  }
})

t.test('npm run demo -- --once: 100 albums with every track that the sandbox holds, in under 2 s, and the path', async (t) => {
  for (const tier of ['development', 'extended'] as const) {
    const folder = await temporaryFolder(t)
    const { code, stdout, stderr } = await runProgram(DEMO, ['--once', '--tier', tier], {}, folder)
    t.equal(code, 0, stderr)
    const [, albums, tracks, seconds] = /^succeeded: (\d+) albums with (\d+) tracks in ([\d.]+) s/.exec(stdout) ?? []
    const catalogue = createCatalogue(1, 120)
    const ids = (tier === 'extended' ? catalogue.newReleases : catalogue.searchOrder).slice(0, 100)
    t.equal(Number(albums), 100)
    t.equal(Number(tracks), ids.reduce((sum, id) => sum + catalogue.trackTotal(id), 0))
    t.ok(Number(seconds) < 2, `${seconds} s`)
    const path = stdout.trim().split('\n').at(-1) ?? ''
    t.match(path, /album_items_\d{8}T\d{6}Z_[0-9a-f]{6}\.json$/)
    const document = JSON.parse(await readFile(join(folder, path), 'utf8')) as Document
    t.strictSame(document.albums.map(({ id, tracks }) => [id, tracks.items.length]), ids.map((id) => [id, catalogue.trackTotal(id)]))
  }
})

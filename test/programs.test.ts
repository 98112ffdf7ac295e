import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createCatalogue } from '../src/sandbox/catalogue/catalogue.ts'
import { runProgram } from './process.ts'
import { notPassed, reportOn } from './services/quality/documents.ts'
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
  const { code, stdout } = await runProgram(
    CLI,
    ['--limit', '5', '--out', out],
    environment(sandboxUrl, await temporaryFolder(t))
  )
  t.equal(code, 0)
  t.ok(stdout.startsWith(`${out}/album_items_`))
  await access(stdout.trim())
})

t.test('npm run ingest --tables: Parquet files beside the document, and its path alone on stdout', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const out = join(await temporaryFolder(t), 'out')
  const { code, stdout, stderr } = await runProgram(
    CLI,
    ['--limit', '5', '--tables', '--out', out],
    environment(sandboxUrl, await temporaryFolder(t))
  )
  t.equal(code, 0, stderr)
  t.match(stdout, /^\/.*\.json\n$/)
  for (const table of ['albums', 'tracks', 'artists', 'album_artists', 'track_artists']) {
    const path = stdout.trim().replace(/json$/, `${table}.parquet`)
    t.ok(stderr.includes(`table: ${path}\n`))
    t.equal((await readFile(path)).subarray(-4).toString(), 'PAR1')
  }
})

/** What a terminal obeys, and the line separators that are not the end of a line here. */
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/ // eslint-disable-line no-control-regex

t.test('npm run ingest: a partial run exits with 2 and names what is missing, and still has a file; nothing that ' +
  'Spotify sent is obeyed by a terminal', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const [hostile = '', , , lost = ''] = sandbox.sandbox.catalogue.searchOrder
  sandbox.sandbox.change({
    faults: [
      { kind: 'not-found', endpoint: 'album', albumId: lost },
      { kind: 'control-characters', endpoint: 'album', albumId: hostile },
    ],
  })
  const { code, stdout, stderr } = await runProgram(CLI, ['--limit', '10'], {
    ...environment(sandboxUrl, await temporaryFolder(t)),
    SPOTIFY_MAX_ATTEMPTS: '2',
  })
  t.equal(code, 2)
  t.match(stderr, new RegExp(`^missing: ${hostile} .*answered 50[0-9]`, 'm'))
  t.notMatch(stdout + stderr, CONTROLS)
  t.equal(stderr.match(/^missing: /gm)?.length, 2, 'no line is forged')
  t.match(stderr, new RegExp(`^missing: ${lost} .*album_unavailable: .*404`, 'm'))
  t.match(stdout, /album_items_/)
})

t.test('npm run ingest: a failed run exits with 1, says why, and prints no path', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const { code, stdout, stderr } = await runProgram(CLI, [], {
    ...environment(sandboxUrl, await temporaryFolder(t)),
    SPOTIFY_CLIENT_SECRET: 'wrong',
  })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^invalid_client: .*SPOTIFY_CLIENT_SECRET/m)
})

t.test('npm run ingest: a quota that is spent ends the command with 75, and so it does the ' +
  'same command before its time', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  sandbox.sandbox.change({ faults: [{ kind: 'quota', endpoint: 'album', skip: 20, times: 1, retryAfter: '48925' }] })
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const first = await runProgram(CLI, ['--limit', '40'], env)
  t.equal(first.code, 75, 'EX_TEMPFAIL')
  t.match(first.stderr, /^quota_exceeded: .*no call before \S+Z$/m)
  t.match(first.stderr, /the same command resumes the run after /)
  t.notMatch(first.stderr, /by itself/)
  const { calls } = sandbox.sandbox.stats()
  const second = await runProgram(CLI, ['--limit', '40'], env)
  t.equal(second.code, 75)
  t.equal(sandbox.sandbox.stats().calls, calls, 'not one call while Spotify does not want any')
})

t.test('npm run ingest: the same command after the time that the first one named goes on where ' +
  'that stopped, and succeeds', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  sandbox.sandbox.change({ faults: [{ kind: 'quota', endpoint: 'album', skip: 20, times: 1, retryAfter: '2' }] })
  const env = environment(sandboxUrl, await temporaryFolder(t))
  const first = await runProgram(CLI, ['--limit', '40'], env)
  t.equal(first.code, 75)
  const [, resumeAt = ''] = /the same command resumes the run after (\S+Z)/.exec(first.stderr) ?? []
  const waitMs = Date.parse(resumeAt) - Date.now()
  t.ok(waitMs < 60_000, `it names a time, which is ${waitMs} ms away`)
  await delay(Math.max(0, waitMs) + 1)
  const second = await runProgram(CLI, ['--limit', '40'], env)
  t.equal(second.code, 0, second.stderr)
  t.match(second.stderr, /^succeeded: 40 of 40 albums/m)
  const document = JSON.parse(await readFile(second.stdout.trim(), 'utf8')) as Document
  matchesTruth(t, document, sandbox, sandboxUrl)
  t.ok(Object.values(sandbox.sandbox.stats().served).every((times) => times === 1), 'no album was fetched twice')
})

t.test('npm run ingest --wait-for-pause --refresh: it waits until the pause is ' +
  'over, and goes on to the end', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  sandbox.sandbox.change({ faults: [{ kind: 'quota', endpoint: 'album', skip: 5, times: 1, retryAfter: '1' }] })
  const { code, stdout, stderr } = await runProgram(
    CLI,
    ['--limit', '10', '--wait-for-pause', '--refresh'],
    environment(sandboxUrl, await temporaryFolder(t))
  )
  t.equal(code, 0, stderr)
  t.match(stderr, /"msg":"run paused"/)
  t.match(stderr, /^succeeded: 10 of 10 albums/m)
  t.match(JSON.parse(await readFile(stdout.trim(), 'utf8')), { request: { refresh: true }, complete: true })
  t.ok(Object.values(sandbox.sandbox.stats().served).every((times) => times === 1), 'no album was fetched twice')
})

t.test('npm run ingest: a wrong option is said in one line, exit code 1', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const { code, stdout, stderr } = await runProgram(
    CLI,
    ['--source', 'albums'],
    environment(sandboxUrl, await temporaryFolder(t))
  )
  t.equal(code, 1)
  t.equal(stderr.trim().split('\n').at(-1), '--source "albums" needs --album-ids')
  t.equal(stdout, '')
  const help = await runProgram(CLI, ['--help'])
  t.equal(help.code, 0)
  t.match(help.stdout, /--pagination P/)
})

t.test('npm run demo: a wrong option is said in one line, exit code 1', async (t) => {
  const args = ['--once', '--tier', 'gold']
  t.match(await runProgram(DEMO, args, {}, await temporaryFolder(t)), {
    code: 1,
    stdout: '',
    stderr: '--tier cannot be "gold": it must be one of extended, development\n',
  })
})

t.test('npm run demo -- --once: 100 albums with every track that the sandbox ' +
  'holds, in seconds, and the path', async (t) => {
  for (const tier of ['development', 'extended'] as const) {
    const folder = await temporaryFolder(t)
    const { code, stdout, stderr } = await runProgram(DEMO, ['--once', '--tier', tier], {}, folder)
    t.equal(code, 0, stderr)
    const [, albums, tracks, seconds] = /^succeeded: (\d+) albums with (\d+) tracks in ([\d.]+) s/.exec(stdout) ?? []
    const catalogue = createCatalogue(1, 120)
    const ids = (tier === 'extended' ? catalogue.newReleases : catalogue.searchOrder).slice(0, 100)
    t.equal(Number(albums), 100)
    t.equal(Number(tracks), ids.reduce((sum, id) => sum + catalogue.trackTotal(id), 0))
    t.ok(Number(seconds) < 10, `${seconds} s`)
    const path = stdout.trim().split('\n').at(-1) ?? ''
    t.match(path, /album_items_\d{8}T\d{6}Z_[0-9a-f]{6}\.json$/)
    const document = JSON.parse(await readFile(join(folder, path), 'utf8')) as Document
    t.strictSame(
      document.albums.map(({ id, tracks }) => [id, tracks.items.length]),
      ids.map((id) => [id, catalogue.trackTotal(id)])
    )
    t.strictSame(
      notPassed(reportOn({ run: document, albums: document.albums })),
      [],
      'its releases are new, whenever it runs'
    )
  }
})

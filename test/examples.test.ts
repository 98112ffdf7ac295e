import { spawnSync } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import t from 'tap'
import { Refused, connect, ingest } from '../examples/client/client.ts'
import { runCommand, runProgram } from './process.ts'
import { type Document, startService, temporaryFolder } from './service.ts'

const lacks = (...tools: string[]): false | string => {
  const missing = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined)
  return missing.length > 0 && `${missing.join(', ')} is not installed`
}

t.test('examples/ingest.sh', { skip: lacks('bash', 'curl', 'jq') }, async (t) => {
  const start = async (t: Parameters<typeof startService>[0]) => {
    const service = await startService(t, { sandbox: { latencyMs: 2 }, env: { API_KEYS: 'secret' } })
    const folder = await temporaryFolder(t)
    const env = { INGEST_URL: service.url, INGEST_API_KEY: 'secret' }
    const run = async (args: string[], other: Record<string, string> = {}) =>
      await runCommand('bash', ['examples/ingest.sh', '-o', folder, ...args], { ...env, ...other })
    return { service, folder, run }
  }

  t.test('starts a run, waits, downloads the document, and says its path; once more with the ' +
    'same key it is the same run', async (t) => {
    const { folder, run } = await start(t)
    const first = await run(['-k', 'daily', '-b', '{"limit":12}'])
    t.equal(first.code, 0, first.stderr)
    t.match(first.stderr, /^succeeded: 12 albums with \d+ tracks$/m)
    const path = first.stdout.trim()
    const document = JSON.parse(await readFile(path, 'utf8')) as Document
    t.equal(document.albums.length, 12)
    const again = await run(['-k', 'daily', '-b', '{"limit":12}'])
    t.equal(again.stdout, first.stdout)
    t.strictSame((await readdir(folder)).length, 1, 'nothing else is left')
    await writeFile(path, 'mine')
    const beside = await run(['-k', 'daily', '-b', '{"limit":12}'])
    t.equal(beside.stdout.trim(), path.replace('.json', '-2.json'))
    t.same(JSON.parse(await readFile(beside.stdout.trim(), 'utf8')), document)
    t.equal(await readFile(path, 'utf8'), 'mine', 'nothing that exists is overwritten')
    t.strictSame((await readdir(folder)).length, 2)
  })

  t.test('without a key, equal bodies of a day are one run, and another body is another one', async (t) => {
    const { run } = await start(t)
    const three = await run(['-b', '{"limit":3,"source":"search"}'])
    t.equal(three.code, 0, three.stderr)
    t.equal(
      (await run(['-b', '{ "source": "search", "limit": 3 }'])).stdout,
      three.stdout,
      'spaces and order do not matter'
    )
    const four = await run(['-b', '{"limit":4,"source":"search"}'])
    t.equal(four.code, 0, four.stderr)
    t.not(four.stdout, three.stdout)
  })

  t.test('tells by its exit code that something is missing, and names it', async (t) => {
    const { service, run } = await start(t)
    const lost = service.sandbox.sandbox.catalogue.searchOrder[2] ?? ''
    service.sandbox.sandbox.change({ faults: [{ kind: 'not-found', endpoint: 'album', albumId: lost }] })
    const { code, stdout, stderr } = await run(['-b', '{"limit":5}'])
    t.equal(code, 2)
    t.match(stderr, /^missing: .*album_unavailable/m)
    t.match(stdout, /album_items_.*\.json\n$/)
  })

  t.test('says why it was refused', async (t) => {
    const { run } = await start(t)
    t.equal((await run(['-k', 'daily', '-b', '{"limit":1}'])).code, 0)
    for (const [args, other, line] of [
      [['-b', '{'], {}, /^ingest\.sh: 400 /m],
      [['-k', 'daily', '-b', '{"limit":2}'], {}, /^ingest\.sh: 422 idempotency_key_reused/m],
      [['-b', '{"limit":0}'], {}, /^ingest\.sh: 400 invalid_request: body\.limit must be >= 1$/m],
      [[], { INGEST_API_KEY: 'wrong' }, /^ingest\.sh: 401 unauthorized/m],
    ] as Array<[string[], Record<string, string>, RegExp]>) {
      const { code, stdout, stderr } = await run(args, other)
      t.equal(code, 1)
      t.equal(stdout, '')
      t.match(stderr, line)
    }
  })

  t.test('shellcheck finds nothing in it', { skip: lacks('shellcheck') }, async (t) => {
    t.match(spawnSync('shellcheck', ['examples/ingest.sh'], { encoding: 'utf8' }), { status: 0, stdout: '' })
  })
})

t.test('examples/client', async (t) => {
  t.test('its types are those of the OpenAPI document', async (t) => {
    t.match(await runProgram('scripts/client.js', ['--check']), { code: 0, stderr: '' })
  })

  t.test('it ingests, and says why it was refused', async (t) => {
    const service = await startService(t, { env: { API_KEYS: 'secret' } })
    const client = connect(service.url, 'secret')
    const document = await ingest(client, { limit: 7 }, 'once')
    t.match(document, { status: 'succeeded', gaps: [] })
    t.equal(document.albums.length, 7)
    t.equal((await ingest(client, { limit: 7 }, 'once')).id, document.id)
    const refused = await ingest(client, { limit: 8 }, 'once').catch((error: unknown) => error)
    t.ok(refused instanceof Refused)
    t.match(refused, { problem: { code: 'idempotency_key_reused', status: 422 } })
  })

  t.test('the example prints the albums', async (t) => {
    const service = await startService(t)
    const { code, stdout, stderr } = await runCommand(
      process.execPath,
      [`--import=${import.meta.resolve('@tapjs/typescript/import')}`, 'examples/client/example.ts'],
      { INGEST_URL: service.url }
    )
    t.equal(code, 0, stderr)
    t.match(stdout, /^succeeded: 20 albums, 0 gaps\n/)
    t.equal(stdout.match(/\d+ tracks$/gm)?.length, 20)
  })
})

t.test('postman/ is what the OpenAPI document makes of it', async (t) => {
  t.match(await runProgram('scripts/postman.js', ['--check']), { code: 0, stderr: '' })
})

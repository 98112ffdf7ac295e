import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { request } from 'undici'
import type { Problem } from '../src/schemas/problem.ts'
import { createFakeClock } from './fake-clock.ts'
import { post, untilEnded } from './process.ts'
import {
  type Service,
  ended,
  environment,
  skipOnReplicas,
  startSandbox,
  startService,
  temporaryFolder,
} from './service.ts'
import { fill, mounted, smallDisk } from './small-disk.ts'
import { matchesTruth } from './truth.ts'

const run = promisify(execFile)
const DAY_MS = 24 * 3_600_000

/** A full disk still has the rest of the last page of a file. */
const LINES_OVER_A_PAGE = 40

t.test('a full disk: POST answers 503, what it cut short is no half file, and service ' +
  'goes on when there is room', { skip: skipOnReplicas('the state of replicas is not in DATA_DIR') }, async (t) => {
  const disk = await smallDisk(t, '3m')
  if (disk === null) return
  const service = await startService(t, { dataDir: disk })
  await fillWithDatabase(disk)
  const refused = await service.post()
  t.equal(refused.statusCode, 503)
  t.match(await refused.body.json(), { code: 'storage_failed', detail: /DATA_DIR/ })
  t.equal((await service.get('/health/ready')).statusCode, 503)
  t.equal((await service.get('/health/live')).statusCode, 200)
  t.strictSame(
    (await service.app.runs.list({ statuses: null, limit: 1, before: null })).runs,
    [],
    'nothing is left of the refused run'
  )
  await rm(join(disk, 'ballast'))
  t.equal((await service.get('/health/ready')).statusCode, 200)
  t.match(await service.ingest({ limit: 5 }), { status: 'succeeded' })
})

t.test('a disk that fills up in the middle of a run: the run fails as storage_failed, and ' +
  'goes on when there is room', { skip: skipOnReplicas('the state of replicas is not in DATA_DIR') }, async (t) => {
  for (const size of ['600k', '2m']) {
    const disk = await smallDisk(t, size)
    if (disk === null) return
    const clock = createFakeClock()
    const service = await startService(t, { dataDir: disk, dependencies: { clock } })
    const failed = await service.ingest()
    t.match(
      failed,
      { status: /failed|paused/, error: { code: 'storage_failed', detail: /ENOSPC|SQLITE_FULL/ }, file: null },
      `${size}: ${failed.status}`
    )
    const files = await readdir(join(disk, 'documents'), { recursive: true })
    t.notOk(files.some((name) => name.endsWith('.json')), 'no half document')
    const { calls } = service.sandbox.sandbox.stats()

    await run('mount', ['-o', 'remount,size=16m', disk])
    const end = failed.status === 'paused' ? ended(service.app, failed.id, false) : null
    if (end === null) await service.app.runs.resume(failed.id)
    else await clock.pass(61_000)
    const resumed = await (end ?? ended(service.app, failed.id))
    t.match(resumed, { status: 'succeeded', complete: true })
    matchesTruth(t, await service.document(failed.id), service.sandbox, service.sandboxUrl)
    t.ok(service.sandbox.sandbox.stats().calls - calls < 124, 'what was stored was not fetched again')
    await service.app.close()
  }
})

t.test('a run that cannot be ended on a full disk: the cancellation says so, and can be ' +
  'repeated when there is room', { skip: skipOnReplicas('the state of replicas is not in DATA_DIR') }, async (t) => {
  const disk = await smallDisk(t, '4m')
  if (disk === null) return
  const service = await startService(t, { dataDir: disk, sandbox: { latencyMs: 2000 } })
  const { id } = await service.app.runs.start({ limit: 20 })
  await fillWithDatabase(disk)
  const refused = await service.app.inject({ method: 'POST', url: `/runs/${id}/cancel` })
  t.equal(refused.statusCode, 503)
  t.match(refused.json<Problem>(), { code: 'storage_failed', detail: /make room in DATA_DIR.*cancel it again/ })
  t.match(await service.app.runs.get(id), { status: 'paused', error: { code: 'storage_failed' } })
  await rm(join(disk, 'ballast'))
  t.match((await service.app.inject({ method: 'POST', url: `/runs/${id}/cancel` })).json<object>(), {
    status: 'canceled',
    error: { code: 'canceled' },
  })
})

t.test('a full disk under the log: the service goes on, logs again when there is room, and ends ' +
  'in time when there is none', async (t) => {
  const disk = await smallDisk(t, '256k')
  if (disk === null) return
  const { sandboxUrl } = await startSandbox(t)
  const path = join(disk, 'service.log')
  const log = await open(path, 'a')
  const child = spawn(process.execPath, ['src/server.ts'], {
    env: { ...environment(sandboxUrl, await temporaryFolder(t)), PORT: '0' },
    stdio: ['ignore', log.fd, 'inherit'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  await log.close()
  const [, url = ''] = await untilMatched(path, /Server listening at (http:\/\/127\.0\.0\.1:\d+)/)
  for (let times = 0; times < 2; times++) {
    await fill(disk)
    const { id } = await post(url, { limit: 5 + times })
    t.match(await untilEnded(url, id), { status: 'succeeded' })
    for (let line = 0; line < LINES_OVER_A_PAGE; line++) await request(`${url}/nobody-asks-for-this-${times}-${line}`)
    t.notMatch(await readFile(path, 'utf8'), `nobody-asks-for-this-${times}-${LINES_OVER_A_PAGE - 1}`)
    await rm(join(disk, 'ballast'))
    await untilMatched(path, new RegExp(`nobody-asks-for-this-${times}-${LINES_OVER_A_PAGE - 1}`))
    t.match(await readFile(path, 'utf8'), id, 'all that was to be logged meanwhile is there')
  }
  await fill(disk)
  await request(`${url}/runs`)
  child.kill('SIGTERM')
  t.same(await exited, [0, null])
})

t.test('a database that is taken away: 503 names it, no run is accepted, and ' +
  'all is well when it is back', { skip: skipOnReplicas('the state of replicas is not in DATA_DIR') }, async (t) => {
  const service = await startService(t)
  const { id } = await service.ingest({ limit: 5 })
  const path = join(service.dataDir, 'service.db')
  await rename(path, `${path}.away`)
  const ready = await service.get('/health/ready')
  t.equal(ready.statusCode, 503)
  t.match(await ready.body.json(), { code: 'storage_failed', detail: /ENOENT, .*service\.db\): it is gone/ })
  t.equal((await service.post({ limit: 6 })).statusCode, 503)
  t.equal((await service.document(id)).albums.length, 5)
  await rename(`${path}.away`, path)
  t.equal((await service.get('/health/ready')).statusCode, 200)
  t.match(await service.ingest({ limit: 6 }), { status: 'succeeded' })
})

t.test('a database that is restored from a backup under the running ' +
  'service is the one that counts', { skip: skipOnReplicas('the state of replicas is not in DATA_DIR') }, async (t) => {
  const service = await startService(t)
  const [kept, path] = [await service.ingest({ limit: 5 }), join(service.dataDir, 'service.db')]
  await sql`vacuum into ${`${path}.backup`}`.execute(service.app.engine.database.queries)
  const lost = await service.ingest({ limit: 6 })
  for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`)
  await rename(`${path}.backup`, path)
  t.equal((await service.get('/health/ready')).statusCode, 200)
  t.equal((await service.get(`/runs/${lost.id}`)).statusCode, 404)
  t.equal((await service.document(kept.id)).albums.length, 5)
  t.match(await service.ingest({ limit: 7 }), { status: 'succeeded' })
})

t.test('a folder of documents that becomes read-only: 503 on readiness, and ' +
  'what is stored is still served', async (t) => {
  const service = await startService(t)
  const { id } = await service.ingest({ limit: 5 })
  const documents = join(service.dataDir, 'documents')
  if (!await mounted(t, ['--bind', documents, documents], documents)) return
  await run('mount', ['-o', 'remount,ro,bind', documents])
  const ready = await service.get('/health/ready')
  t.equal(ready.statusCode, 503)
  t.match(await ready.body.json(), { code: 'storage_failed', detail: /EROFS/ })
  t.equal((await service.document(id)).albums.length, 5)
  t.match(await service.ingest({ limit: 6 }), { status: 'failed', error: { code: 'storage_failed', detail: /EROFS/ } })
  await run('mount', ['-o', 'remount,rw,bind', documents])
  t.equal((await service.get('/health/ready')).statusCode, 200)
  t.match(await service.ingest({ limit: 7 }), { status: 'succeeded' })
})

t.test('a damaged ledger event costs what was in it, nothing else', async (t) => {
  const first = await startService(t, { sandbox: { latencyMs: 10 } })
  const { id } = await first.app.runs.start({})
  await new Promise<void>((resolve) =>
    first.app.runs.watch(id, ({ progress }) => {
      if (progress.albumsFetched >= 30) resolve()
    })
  )
  const { queries } = first.app.engine.database
  await sql`update ledger_events set body = 'garbled' where run_id = ${id} and seq in (20, 25)`.execute(queries)
  await first.app.close()
  const second = await startService(t, { on: first, dataDir: first.dataDir })
  t.match(await ended(second.app, id), { status: 'succeeded', complete: true })
  matchesTruth(t, await second.document(id), first.sandbox, first.sandboxUrl)
})

t.test('a damaged record is told, and harms no other run; rubbish in the folder harms nothing', async (t) => {
  const first = await startService(t)
  const whole = await first.ingest({ limit: 3 })
  const damaged = await first.ingest({ limit: 4 })
  const { queries } = first.app.engine.database
  await sql`update runs set record = replace(record, 'succeeded', 'succeedeD') where id = ${damaged.id}`.execute(
    queries
  )
  await sql`update throttles set throttle = '{}'`.execute(queries)
  await sql`update states set value = 'x'`.execute(queries)
  await first.app.close()
  await writeFile(join(first.dataDir, 'documents', 'rubbish'), '')
  const second = await startService(t, { on: first, dataDir: first.dataDir })
  t.equal((await second.document(whole.id)).albums.length, 3)
  const answer = await second.get(`/runs/${damaged.id}`)
  t.equal(answer.statusCode, 503)
  t.match(await answer.body.json(), { code: 'storage_failed', detail: /is damaged/ })
  t.match(
    (await second.app.runs.list({ statuses: null, limit: 9, before: null })).runs,
    [{ id: whole.id }],
    'and it is in no list'
  )
  t.match(await second.ingest({ limit: 5 }), { status: 'succeeded' })
  t.match(second.log(), /skipping unreadable run/)
  t.match(second.log(), /stored state is damaged/)
})

t.test('a document with a flipped bit is never served: it is restored from its copy, or ' +
  '503 where both are damaged', {
  skip: skipOnReplicas('the database has a third copy: see ' +
    'replicas.test.ts')
}, async (t) => {
  const service = await startService(t)
  const { id, file } = await service.ingest({ limit: 5 })
  const bytes = Buffer.from(await (await service.get(`/runs/${id}`)).body.arrayBuffer())
  const path = await service.app.runs.documentPath(await service.app.runs.get(id)) ?? ''
  await flip(path)
  const restored = await service.get(`/runs/${id}`)
  t.same(Buffer.from(await restored.body.arrayBuffer()), bytes)
  await flip(`${path}.gz`)
  const packed = await request(`${service.url}/runs/${id}`, { headers: { 'accept-encoding': 'gzip' } })
  t.same(gunzipSync(Buffer.from(await packed.body.arrayBuffer())), bytes)
  await flip(path)
  await flip(`${path}.gz`)
  const refused = await service.get(`/runs/${id}`)
  t.equal(refused.statusCode, 503)
  t.match(await refused.body.json(), { code: 'storage_failed', detail: /gone or damaged/ })
  t.equal((await service.app.runs.get(id)).file?.sha256, file?.sha256)
})

t.test('runs older than RETENTION_DAYS are deleted, and asking for one says so; a clock ' +
  'that jumps deletes nothing', async (t) => {
  const clock = createFakeClock()
  const { service: first, id } = await withRunAt(t, clock)
  clock.jump(31 * DAY_MS)
  const second = await restart(t, first, clock)
  await clock.pass(10 * 60_000)
  await second.app.runs.recover(true)
  t.equal((await second.get(`/runs/${id}`)).statusCode, 410, 'a restart long after: deleted')
  t.strictSame(await documentsIn(first), [])

  const young = await second.ingest({ limit: 2 })
  clock.jump(31 * DAY_MS)
  await second.app.runs.recover(true)
  t.equal((await second.get(`/runs/${young.id}`)).statusCode, 200, 'the wall clock alone has jumped')
  clock.jump(-31 * DAY_MS)
  await clock.pass(29 * DAY_MS)
  await second.app.runs.recover(true)
  t.equal((await second.get(`/runs/${young.id}`)).statusCode, 200, '29 days later')
  await clock.pass(2 * DAY_MS)
  await second.app.runs.recover(true)
  const gone = await second.get(`/runs/${young.id}`)
  t.equal(gone.statusCode, 410, '31 days later')
  t.match(await gone.body.json(), { code: 'run_expired', detail: /30 days/ })
})

t.test('above MAX_STORED_RUNS the runs that ended first are deleted', async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, { dependencies: { clock, newId: idsOf(clock) }, env: { MAX_STORED_RUNS: '2' } })
  const ids: string[] = []
  for (const limit of [1, 2, 3]) {
    ids.push((await service.ingest({ limit })).id)
    await clock.pass(1000)
  }
  await clock.pass(10 * 60_000)
  await service.app.runs.recover(true)
  t.same(
    (await service.app.runs.list({ statuses: null, limit: 9, before: null })).runs.map(({ id }) => id),
    ids.slice(1).reverse()
  )
  t.equal((await documentsIn(service)).length, 4, 'two documents and their copies')
})

t.test('a partial run goes on for what is missing only; a run that is complete or under way does not', async (t) => {
  const service = await startService(t)
  const lost = service.sandbox.sandbox.catalogue.searchOrder.slice(3, 6)
  service.sandbox.sandbox.change({ faults: lost.map((albumId) => ({ kind: 'not-found', endpoint: 'album', albumId })) })
  const partial = await service.ingest({ limit: 20 })
  t.match(partial, { status: 'partial', complete: false })
  t.strictSame(
    partial.gaps.map(({ albumId, code }) => [String(albumId), code] as const),
    lost.map((id) => [id, 'album_unavailable'] as const)
  )
  service.sandbox.sandbox.change({ faults: [] })
  service.sandbox.sandbox.resetStats()
  t.match(await service.app.runs.resume(partial.id), { status: 'queued', complete: null, finishedAt: null, file: null })
  const whole = await ended(service.app, partial.id)
  t.match(whole, { status: 'succeeded', complete: true, gaps: [] })
  t.equal(whole.file?.name, partial.file?.name, 'the same file, replaced')
  t.strictSame(
    Object.keys(service.sandbox.sandbox.stats().served).sort(),
    [...lost].sort(),
    'only the missing ones were fetched'
  )
  matchesTruth(t, await service.document(whole.id), service.sandbox, service.sandboxUrl)
  await t.rejects(service.app.runs.resume(whole.id), { code: 'run_not_resumable' })
  await t.rejects(service.app.runs.resume('01932c07-0000-7000-8000-000000000000'), { code: /run_(not_found|expired)/ })
})

t.test('a run that listed nothing lists again when it goes on', async (t) => {
  const service = await startService(t, { sandbox: { albums: 0 } })
  const empty = await service.ingest({ limit: 5 })
  t.match(empty, { status: 'failed', error: { code: 'listing_empty' } })
  service.sandbox.sandbox.change({ albums: 120 })
  await service.app.runs.resume(empty.id)
  t.match(await ended(service.app, empty.id), { status: 'succeeded', progress: { albumsFetched: 5 } })
})

type Clocked = ReturnType<typeof createFakeClock>

async function documentsIn ({ dataDir }: Service): Promise<string[]> {
  return (await readdir(join(dataDir, 'documents'), { recursive: true })).filter((name) => name.includes('album_items'))
}

/** One bit of a file, somewhere in its middle. */
async function flip (path: string): Promise<void> {
  const data = await readFile(path)
  const place = Math.floor(data.length / 2)
  data.writeUInt8(data.readUInt8(place) ^ 1, place)
  await writeFile(path, data)
}

async function withRunAt (t: Test, clock: Clocked): Promise<{ service: Service, id: string }> {
  const service = await startService(t, { dependencies: { clock, newId: idsOf(clock) } })
  const { id } = await service.ingest({ limit: 2 })
  await service.app.close()
  return { service, id }
}

async function restart (t: Test, first: Service, clock: Clocked): Promise<Service> {
  return await startService(t, { on: first, dataDir: first.dataDir, dependencies: { clock, newId: idsOf(clock) } })
}

/** Ids by the test's clock, as production's are by the real one. */
function idsOf (clock: Clocked): () => string {
  let last = 0
  return () => {
    const time = clock.now().toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${(++last).toString(16).padStart(12, '0')}`
  }
}

/** As soon as the file has it. */
async function untilMatched (path: string, pattern: RegExp): Promise<RegExpExecArray> {
  for (const signal = AbortSignal.timeout(15_000); ; await delay(25, undefined, { signal })) {
    const match = pattern.exec(await readFile(path, 'utf8'))
    if (match !== null) return match
  }
}

/** Fills a disk so that a database on it has no room either: the part of its log that it could use again goes first. */
async function fillWithDatabase (folder: string): Promise<void> {
  const database = new DatabaseSync(join(folder, 'service.db'), { timeout: 5000 })
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  await fill(folder)
}

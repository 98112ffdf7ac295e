import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { type Problem } from '../src/schemas/problem.ts'
import { createFakeClock } from './fake-clock.ts'
import { post, untilEnded } from './process.ts'
import { type Service, ended, environment, startSandbox, startService, temporaryFolder } from './service.ts'
import { matchesTruth } from './truth.ts'

const run = promisify(execFile)
const DAY_MS = 24 * 3_600_000

t.test('a full disk: POST answers 503, what it cut short is no half file, and service goes on when there is room', async (t) => {
  const disk = await smallDisk(t, '3m')
  if (disk === null) return
  const service = await startService(t, { dataDir: disk })
  await fill(disk)
  const refused = await service.post()
  t.equal(refused.statusCode, 503)
  t.match(await refused.body.json(), { code: 'storage_failed', detail: /DATA_DIR/ })
  t.equal((await service.get('/health/ready')).statusCode, 503)
  t.equal((await service.get('/health/live')).statusCode, 200)
  t.strictSame(await readdir(join(disk, 'runs')), [], 'nothing is left of the refused run')
  await rm(join(disk, 'ballast'))
  t.equal((await service.get('/health/ready')).statusCode, 200)
  t.match(await service.ingest({ limit: 5 }), { status: 'succeeded' })
})

t.test('a disk that fills up in the middle of a run: the run fails as storage_failed, and goes on when there is room', async (t) => {
  for (const size of ['400k', '1500k']) {
    const disk = await smallDisk(t, size)
    if (disk === null) return
    const clock = createFakeClock()
    const service = await startService(t, { dataDir: disk, parts: { clock } })
    const failed = await service.ingest()
    t.match(failed, { status: /failed|paused/, error: { code: 'storage_failed', detail: /ENOSPC/ }, file: null }, `${size}: ${failed.status}`)
    const files = await readdir(join(disk, 'runs', failed.id))
    t.notOk(files.some((name) => name.startsWith('album_items')), 'no half document')
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

t.test('a run that cannot be ended on a full disk: the cancellation says so, and can be repeated when there is room', async (t) => {
  const disk = await smallDisk(t, '4m')
  if (disk === null) return
  const service = await startService(t, { dataDir: disk, sandbox: { latencyMs: 2000 } })
  const { id } = await service.app.runs.start({ limit: 20 })
  await fill(disk)
  const refused = await service.app.inject({ method: 'POST', url: `/runs/${id}/cancel` })
  t.equal(refused.statusCode, 503)
  t.match(refused.json<Problem>(), { code: 'storage_failed', detail: /make room in DATA_DIR.*cancel it again/ })
  t.match(await service.app.runs.get(id), { status: 'paused', error: { code: 'storage_failed' } })
  await rm(join(disk, 'ballast'))
  t.match((await service.app.inject({ method: 'POST', url: `/runs/${id}/cancel` })).json<object>(), { status: 'canceled', error: { code: 'canceled' } })
})

t.test('a full disk under the log: the service goes on, logs again when there is room, and ends in time when there is none', async (t) => {
  const disk = await smallDisk(t, '256k')
  if (disk === null) return
  const { sandboxUrl } = await startSandbox(t)
  const path = join(disk, 'service.log')
  const log = await open(path, 'a')
  const child = spawn(process.execPath, ['src/server.ts'], { env: { ...environment(sandboxUrl, await temporaryFolder(t)), PORT: '0' }, stdio: ['ignore', log.fd, 'inherit'] })
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
    await rm(join(disk, 'ballast'))
    await request(`${url}/nobody-asks-for-this-${times}`)
    await untilMatched(path, new RegExp(`nobody-asks-for-this-${times}`))
    t.match(await readFile(path, 'utf8'), id, 'what was to be logged meanwhile is there too')
  }
  await fill(disk)
  await request(`${url}/runs`)
  child.kill('SIGTERM')
  t.same(await exited, [0, null])
})

t.test('a folder that becomes read-only: 503 on POST, and what is stored is still served', async (t) => {
  const disk = await smallDisk(t, '16m')
  if (disk === null) return
  const service = await startService(t, { dataDir: disk })
  const { id } = await service.ingest({ limit: 5 })
  await run('mount', ['-o', 'remount,ro', disk])
  t.equal((await service.post({ limit: 6 })).statusCode, 503)
  t.equal((await service.document(id)).albums.length, 5)
  const deletion = await service.app.inject({ method: 'DELETE', url: `/runs/${id}` })
  t.equal(deletion.statusCode, 503)
  t.match(deletion.json<Problem>(), { code: 'storage_failed' })
  await run('mount', ['-o', 'remount,rw', disk])
  t.equal((await service.post({ limit: 6 })).statusCode, 202)
})

t.test('a torn checkpoint costs what was torn, nothing else', async (t) => {
  const first = await startService(t, { sandbox: { latencyMs: 10 } })
  const { id } = await first.app.runs.start({})
  await new Promise<void>((resolve) => first.app.runs.watch(id, ({ progress }) => { if (progress.albumsFetched >= 30) resolve() }))
  await first.app.close()
  const path = join(first.dataDir, 'runs', id, 'checkpoint.1.log')
  const { size } = await stat(path)
  const file = await open(path, 'r+')
  await file.write('garbled', Math.floor(size / 2))
  await file.truncate(size - 100)
  await file.close()
  const second = await startService(t, { on: first, dataDir: first.dataDir })
  t.match(await ended(second.app, id), { status: 'succeeded', complete: true })
  matchesTruth(t, await second.document(id), first.sandbox, first.sandboxUrl)
})

t.test('a damaged record is told, and harms no other run; rubbish in the folder harms nothing', async (t) => {
  const first = await startService(t)
  const whole = await first.ingest({ limit: 3 })
  const damaged = await first.ingest({ limit: 4 })
  await first.app.close()
  await writeFile(join(first.dataDir, 'runs', damaged.id, 'run.3.json'), '{"run": {"id"')
  await writeFile(join(first.dataDir, 'runs', 'rubbish'), '')
  const states = await readdir(join(first.dataDir, 'state'))
  for (const name of states) await appendFile(join(first.dataDir, 'state', name), '}')
  const second = await startService(t, { on: first, dataDir: first.dataDir })
  t.equal((await second.document(whole.id)).albums.length, 3)
  const answer = await second.get(`/runs/${damaged.id}`)
  t.equal(answer.statusCode, 503)
  t.match(await answer.body.json(), { code: 'storage_failed', detail: /cannot be read/ })
  t.match(await second.ingest({ limit: 5 }), { status: 'succeeded' })
  t.match(second.log(), /this run is left alone/)
  t.match(second.log(), /stored state of Spotify cannot be read/)
})

t.test('runs older than RETENTION_DAYS are deleted, and asking for one says so; a clock that jumps deletes nothing', async (t) => {
  const clock = createFakeClock()
  const { service: first, id } = await withRunAt(t, clock)
  clock.jump(31 * DAY_MS)
  const second = await restart(t, first, clock)
  await clock.pass(10 * 60_000)
  await second.app.runs.recover()
  t.equal((await second.get(`/runs/${id}`)).statusCode, 410, 'a restart long after: deleted')
  t.strictSame(await readdir(join(first.dataDir, 'runs')), [])

  const young = await second.ingest({ limit: 2 })
  clock.jump(31 * DAY_MS)
  await second.app.runs.recover()
  t.equal((await second.get(`/runs/${young.id}`)).statusCode, 200, 'the wall clock alone has jumped')
  clock.jump(-31 * DAY_MS)
  await clock.pass(29 * DAY_MS)
  await second.app.runs.recover()
  t.equal((await second.get(`/runs/${young.id}`)).statusCode, 200, '29 days later')
  await clock.pass(2 * DAY_MS)
  await second.app.runs.recover()
  const gone = await second.get(`/runs/${young.id}`)
  t.equal(gone.statusCode, 410, '31 days later')
  t.match(await gone.body.json(), { code: 'run_expired', detail: /30 days/ })
})

t.test('a run that cannot be deleted is told in the log, and keeps no other one', async (t) => {
  const clock = createFakeClock()
  const service = await startService(t, { parts: { clock, newId: idsOf(clock) } })
  const [stays, goes] = [await service.ingest({ limit: 1 }), await service.ingest({ limit: 2 })]
  const folder = join(service.dataDir, 'runs', stays.id)
  if (!await mounted(t, ['--bind', folder, folder], folder)) return
  await clock.pass(31 * DAY_MS)
  await service.app.runs.recover()
  await clock.pass(DAY_MS)
  await service.app.runs.recover()
  t.strictSame(await readdir(join(service.dataDir, 'runs')), [stays.id])
  t.equal((await service.get(`/runs/${goes.id}`)).statusCode, 410)
  t.match(service.log(), /this run is to be deleted, and cannot be/)
})

t.test('a partial run goes on for what is missing only; a run that is complete or under way does not', async (t) => {
  const service = await startService(t)
  const lost = service.sandbox.sandbox.catalogue.searchOrder.slice(3, 6)
  service.sandbox.sandbox.change({ faults: lost.map((albumId) => ({ kind: 'not-found', endpoint: 'album', albumId })) })
  const partial = await service.ingest({ limit: 20 })
  t.match(partial, { status: 'partial', complete: false })
  t.strictSame(partial.gaps.map(({ albumId, code }) => [String(albumId), code] as const), lost.map((id) => [id, 'album_unavailable'] as const))
  service.sandbox.sandbox.change({ faults: [] })
  service.sandbox.sandbox.resetStats()
  t.match(await service.app.runs.resume(partial.id), { status: 'queued', complete: null, finishedAt: null, file: null })
  const whole = await ended(service.app, partial.id)
  t.match(whole, { status: 'succeeded', complete: true, gaps: [] })
  t.equal(whole.file?.name, partial.file?.name, 'the same file, replaced')
  t.strictSame(Object.keys(service.sandbox.sandbox.stats().served).sort(), [...lost].sort(), 'only the missing ones were fetched')
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

async function withRunAt (t: Test, clock: Clocked): Promise<{ service: Service, id: string }> {
  const service = await startService(t, { parts: { clock, newId: idsOf(clock) } })
  const { id } = await service.ingest({ limit: 2 })
  await service.app.close()
  return { service, id }
}

async function restart (t: Test, first: Service, clock: Clocked): Promise<Service> {
  return await startService(t, { on: first, dataDir: first.dataDir, parts: { clock, newId: idsOf(clock) } })
}

/** Ids by the test's clock, as production's are by the real one. */
function idsOf (clock: Clocked): () => string {
  let last = 0
  return () => {
    const time = clock.now().toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${(++last).toString(16).padStart(12, '0')}`
  }
}

/** A file system of its own, or null (and a skipped test) where this process may not mount one. */
async function smallDisk (t: Test, size: string): Promise<string | null> {
  const folder = await temporaryFolder(t)
  return await mounted(t, ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], folder) ? folder : null
}

async function mounted (t: Test, args: string[], folder: string): Promise<boolean> {
  try {
    await run('mount', args)
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    t.comment('skipped: this user may not mount a file system')
    return false
  }
  t.teardown(async () => await run('umount', ['--lazy', folder]))
  return true
}

/** As soon as the file has it. */
async function untilMatched (path: string, pattern: RegExp): Promise<RegExpExecArray> {
  for (const signal = AbortSignal.timeout(15_000); ; await delay(25, undefined, { signal })) {
    const match = pattern.exec(await readFile(path, 'utf8'))
    if (match !== null) return match
  }
}

async function fill (folder: string): Promise<void> {
  const file = await open(join(folder, 'ballast'), 'w')
  const piece = Buffer.alloc(4096, 'x')
  for (let isFull = false; !isFull;) isFull = await file.write(piece).then(({ bytesWritten }) => bytesWritten < piece.length, () => true)
  await file.close()
  await readFile(join(folder, 'ballast'))
}

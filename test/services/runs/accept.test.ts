import { join } from 'node:path'
import { readdir, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { type IngestBody, type Run, type RunStatus } from '../../../src/schemas/run.ts'
import { type Acceptance, type AcceptOptions, createAcceptance } from '../../../src/services/runs/accept.ts'
import { createRoster } from '../../../src/services/runs/roster.ts'
import { resume } from '../../../src/services/runs/transitions.ts'
import { createKeyStore } from '../../../src/services/store/key-store.ts'
import { type RunStore, createRunStore } from '../../../src/services/store/run-store.ts'
import { createFakeClock } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

const DAY_MS = 24 * 3_600_000

type Joined = Omit<Acceptance, 'start'> & {
  start: (body: IngestBody, key: string | null, owner?: string | null) => Promise<Run>
  store: RunStore
  delivered: string[]
}

/** What several processes share: a folder and the time. Each has its own view of both. */
function share (t: Test) {
  const folder = t.testdir()
  const clock = createFakeClock()
  const log = createRecordingLog()
  async function join (more: Partial<AcceptOptions> = {}): Promise<Joined> {
    const delivered: string[] = []
    const store = more.store ?? await createRunStore(folder, log)
    const acceptance = createAcceptance({
      store,
      keys: await createKeyStore(folder, log),
      roster: createRoster(clock),
      clock,
      log,
      newId: () => uuidv7({ msecs: clock.now() }),
      maxAlbums: 1000,
      market: null,
      maxActive: 100,
      deliver: ({ id }) => { delivered.push(id) },
      ...more,
    })
    return {
      ...acceptance,
      start: async (body, key, owner = null) => await acceptance.start(body, key === null ? null : { value: key, owner }),
      store,
      delivered,
    }
  }
  return { folder, clock, log, join }
}

async function end (store: RunStore, { id }: Run, status: RunStatus = 'succeeded'): Promise<void> {
  await store.update(id, (before) => ({ ...before, run: { ...before.run, status, finishedAt: before.run.createdAt } }))
}

const idsOf = (runs: Run[]): Set<string> => new Set(runs.map(({ id }) => id))

for (const key of [null, 'a key']) {
  const how = key === null ? 'requests' : 'requests with one key'
  t.test(`equal ${how} at once, in several processes: one run, stored once, delivered`, async (t) => {
    const { folder, join: process } = share(t)
    const processes = await Promise.all(Array.from({ length: 4 }, async () => await process()))
    const runs = await Promise.all(Array.from({ length: 24 }, async (_, i) => await processes[i % 4]?.start({ limit: 5 }, key) as Run))
    t.equal(idsOf(runs).size, 1)
    t.same(await readdir(join(folder, 'runs')), [runs[0]?.id])
    t.same(new Set(processes.flatMap(({ delivered }) => delivered)), idsOf(runs))
  })
}

t.test('other requests are other runs', async (t) => {
  const { join } = share(t)
  const [a, b] = [await join(), await join()]
  t.equal(idsOf(await Promise.all([a.start({ limit: 5 }, null), b.start({ limit: 6 }, null), a.start({ limit: 5, market: 'DE' }, null)])).size, 3)
})

for (const status of ['running', 'paused'] as const) {
  t.test(`a ${status} run is given to an equal request in another process`, async (t) => {
    const { join } = share(t)
    const [a, b] = [await join(), await join()]
    const first = await a.start({}, null)
    await a.store.update(first.id, (before) => ({ ...before, run: { ...before.run, status } }))
    t.match(await b.start({}, null), { id: first.id, status })
  })
}

for (const status of ['succeeded', 'partial', 'failed', 'canceled'] as const) {
  t.test(`a ${status} run is given to no equal request, unless it goes on; then there is one again`, async (t) => {
    const { join } = share(t)
    const [a, b] = [await join(), await join()]
    const first = await a.start({}, null)
    await end(b.store, first, status)
    const again = [await a.start({}, null), await b.start({}, null)]
    t.equal(idsOf(again).size, 1)
    t.not(again[0]?.id, first.id)
    await Promise.all(again.slice(1).map(async (run) => await end(a.store, run)))
    if (status === 'succeeded') return
    const { run } = await b.store.update(first.id, resume)
    await b.attachTo(run)
    t.equal((await a.start({}, null)).id, first.id)
  })
}

t.test('a run that was started with a key is given to an equal request without one, and not the other way round', async (t) => {
  const { join } = share(t)
  const [a, b] = [await join(), await join()]
  const keyed = await a.start({}, 'key')
  t.equal((await b.start({}, null)).id, keyed.id)
  t.not((await b.start({}, 'another key')).id, keyed.id)
})

t.test('a deleted run is brought back by no request and by no key', async (t) => {
  const { join } = share(t)
  const [a, b] = [await join(), await join()]
  const first = await a.start({}, 'key')
  await end(a.store, first)
  const record = await a.store.read(first.id)
  if (record === null) throw new Error('no record')
  await b.forget(record)
  await b.store.remove(first.id)
  const again = [await a.start({}, null), await a.start({}, 'key')]
  t.notOk(again.some(({ id }) => id === first.id))
})

t.test('a key gives its run for 24 hours, whatever became of it; then another one', async (t) => {
  const { clock, join } = share(t)
  const [a, b] = [await join(), await join()]
  const first = await a.start({}, 'key')
  await end(a.store, first)
  clock.jump(DAY_MS)
  t.match(await b.start({}, 'key'), { id: first.id, status: 'succeeded' })
  await t.rejects(b.start({ limit: 7 }, 'key'), { code: 'idempotency_key_reused' })
  clock.jump(1)
  const second = await Promise.all([a.start({}, 'key'), b.start({}, 'key')])
  t.equal(idsOf(second).size, 1)
  t.not(second[0]?.id, first.id)
})

for (const key of [null, 'key']) {
  t.test(`a crash between the claim ${key === null ? 'of a request' : 'of a key'} and its run: the next equal request makes that run`, async (t) => {
    const { clock, join } = share(t)
    const dying = await join({ store: { ...(await join()).store, create: async () => { throw new Error('killed') } }, newId: () => '01a2037d-15f8-7494-8ed8-056163dbbd0d' })
    await t.rejects(dying.start({}, key), { code: 'storage_failed' })
    clock.jump(59_000)
    const next = await join()
    const made = await next.start({}, key)
    t.equal(made.id, '01a2037d-15f8-7494-8ed8-056163dbbd0d')
    t.match(await next.store.read(made.id), { run: { status: 'queued' } })
  })
}

t.test('the claim of a request whose run never came is void after a minute: the run is one of its own time', async (t) => {
  const { clock, join } = share(t)
  const dying = await join({ store: { ...(await join()).store, create: async () => { throw new Error('killed') } } })
  await t.rejects(dying.start({}, null))
  clock.jump(61_000)
  const made = await (await join()).start({}, null)
  t.equal(Date.parse(made.createdAt), clock.now())
})

t.test('over the bound nothing new is accepted, and what there is is given all the same', async (t) => {
  const { join } = share(t)
  const a = await join({ maxActive: 1 })
  const first = await a.start({}, 'key')
  for (const key of [null, 'another key']) await t.rejects(a.start({ limit: 7 }, key), { code: 'queue_full' })
  for (const key of [null, 'key']) t.equal((await a.start({}, key)).id, first.id)
})

for (const key of [false, true]) {
  t.test(`as many as may wait are accepted of twenty different requests at once${key ? ', each with a key' : ''}`, async (t) => {
    const { folder, join: process } = share(t)
    const a = await process({ maxActive: 7 })
    const results = await Promise.allSettled(Array.from({ length: 20 }, async (_, n) => await a.start({ limit: n + 1 }, key ? `key ${n}` : null)))
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 7)
    for (const result of results) if (result.status === 'rejected') t.match(result.reason, { code: 'queue_full' })
    t.equal((await readdir(join(folder, 'runs'))).length, 7)
  })
}

for (const key of [false, true]) {
  t.test(`requests whose runs could not be stored get no more places than others when they come again${key ? ', each with its key' : ''}`, async (t) => {
    const { join: process } = share(t)
    const { store } = await process()
    let isFull = true
    const a = await process({ maxActive: 2, store: { ...store, create: async (record) => { if (isFull) throw new Error('disk full'); return await store.create(record) } } })
    const ask = async (n: number): Promise<Run> => await a.start({ limit: n }, key ? `key ${n}` : null)
    for (let n = 1; n <= 5; n++) await t.rejects(ask(n), { code: 'storage_failed' })
    isFull = false
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map(ask))
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 2)
  })
}

t.test('a run has a place of its own when it goes on, whatever is still thought of it', async (t) => {
  const { clock, join } = share(t)
  const roster = createRoster(clock)
  const a = await join({ maxActive: 1, roster })
  const run = await a.start({}, null)
  t.doesNotThrow(() => a.enter(run.id)())
  t.throws(() => a.enter('another'), { code: 'queue_full' })
})

t.test('a place that was taken for a run that could not be stored is free again', async (t) => {
  const { join: process } = share(t)
  const { store } = await process()
  let isFull = true
  const a = await process({ maxActive: 1, store: { ...store, create: async (record) => { if (isFull) throw new Error('disk full'); return await store.create(record) } } })
  for (let tries = 0; tries < 3; tries++) await t.rejects(a.start({ limit: tries + 1 }, null), { code: 'storage_failed' })
  isFull = false
  t.match(await a.start({ limit: 9 }, null), { status: 'queued' })
})

t.test('a run whose record is damaged is given to no equal request: there is a new one, and all that follow get that', async (t) => {
  const { folder, log, join: process } = share(t)
  const [a, b] = [await process(), await process()]
  const damaged = await a.start({}, null)
  await writeFile(join(folder, 'runs', damaged.id, 'run.2.json'), '{"run":')
  const again = [await b.start({}, null), await b.start({}, null)]
  t.equal(idsOf(again).size, 1)
  t.not(again[0]?.id, damaged.id)
  t.match(log.lines, [/^warn the run of an equal request cannot be read/])
  t.match(log.text(), damaged.id)
})

t.test('a request that cannot be claimed for a run with a key costs the run nothing', async (t) => {
  const { folder, log, join } = share(t)
  const keys = await createKeyStore(folder, log)
  const a = await join({ keys: { ...keys, requests: { ...keys.requests, claim: async () => { throw new Error('disk') } } } })
  t.match(await a.start({}, 'key'), { status: 'queued' })
  t.equal(a.delivered.length, 1)
  t.match(log.lines, [/^warn equal requests/])
})

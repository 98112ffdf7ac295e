import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import type { IngestBody } from '../../../src/schemas/ingest-body.ts'
import type { RunStatus } from '../../../src/schemas/run.ts'
import type { Database } from '../../../src/services/database/database.ts'
import { MEMORY, openSqlite } from '../../../src/services/database/sqlite.ts'
import {
  type AdmissionOptions,
  type RunAdmission,
  KEY_LIFETIME_MS,
  createAdmission,
} from '../../../src/services/runs/admission.ts'
import { discard, resume } from '../../../src/services/runs/transitions.ts'
import { createOwners } from '../../../src/services/store/owner.ts'
import { type RunStore, createRunStore } from '../../../src/services/store/run-store.ts'
import { type FakeClock, createFakeClock } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

interface Process extends Pick<RunAdmission, 'checkRoom'> {
  store: RunStore
  /** Asks for a run; gives its id. */
  start: (body: IngestBody, key: string | null, owner?: string | null) => Promise<string>
}

interface Service {
  database: Database
  clock: FakeClock
  join: (more?: Partial<AdmissionOptions>) => Process
}

/** What several processes share: a database and the time. Each has its own view of both. */
async function share (t: Test): Promise<Service> {
  const clock = createFakeClock()
  const database = await openSqlite(MEMORY, clock)
  t.teardown(async () => await database.close())
  return {
    database,
    clock,
    join (more = {}) {
      const store = createRunStore(database, createOwners(), createRecordingLog())
      const { admit, checkRoom } = createAdmission({
        store,
        clock,
        newId: () => uuidv7({ msecs: clock.now() }),
        maxAlbums: 1000,
        market: null,
        maxPending: 100,
        ...more,
      })
      return {
        store,
        checkRoom,
        start: async (body, key, owner = null) => (await admit(body, key === null ? null : { value: key, owner })).id,
      }
    },
  }
}

async function end (store: RunStore, id: string, status: RunStatus = 'succeeded'): Promise<void> {
  await store.update(id, (before) => ({ ...before, run: { ...before.run, status, finishedAt: before.run.createdAt } }))
}

async function storedIds ({ queries }: Database): Promise<string[]> {
  return (await queries.selectFrom('runs').select('id').execute()).map(({ id }) => id)
}

t.test('a new run is queued, and stored durably before anybody learns of it', async (t) => {
  const { database, clock } = await share(t)
  const durable: boolean[] = []
  const counting: Database = {
    ...database,
    async transaction (options, work) {
      durable.push(options.isDurable)
      return await database.transaction(options, work)
    },
  }
  const store = createRunStore(counting, createOwners(), createRecordingLog())
  const { admit } = createAdmission({
    store,
    clock,
    newId: () => uuidv7({ msecs: clock.now() }),
    maxAlbums: 1000,
    market: 'DE',
    maxPending: 1,
  })
  const { id, run } = await admit({ limit: 5 }, null, { kind: 'cli', name: null })
  t.match(run, { id, status: 'queued', request: { source: 'auto', limit: 5, market: 'DE' }, trigger: { kind: 'cli' } })
  t.same(durable, [true])
  t.match(await store.read(id), { record: { executions: 0, resumptions: 0 }, run, isOwned: false })
})

for (const key of [null, 'a key']) {
  const how = key === null ? 'requests' : 'requests with one key'
  t.test(`equal ${how} that come together, in several processes: one run, stored once`, async (t) => {
    const { database, join } = await share(t)
    const processes = Array.from({ length: 4 }, () => join())
    const ids = await Promise.all(
      Array.from({ length: 24 }, async (_, i) => await processes[i % 4]?.start({ limit: 5 }, key))
    )
    t.same(await storedIds(database), [...new Set(ids)])
    t.equal(new Set(ids).size, 1)
  })
}

t.test('other requests are other runs', async (t) => {
  const { join } = await share(t)
  const [a, b] = [join(), join()]
  t.equal(
    new Set(
      await Promise.all([
        a.start({ limit: 5 }, null),
        b.start({ limit: 6 }, null),
        a.start({ limit: 5, market: 'DE' }, null),
      ])
    ).size,
    3
  )
})

t.test('a request that names what another one leaves to its defaults is equal', async (t) => {
  const { join } = await share(t)
  const a = join()
  t.equal(
    await a.start({}, null),
    await a.start({ source: 'auto', limit: 100, pagination: 'next', refresh: false }, null)
  )
})

for (const status of ['running', 'paused'] as const) {
  t.test(`a ${status} run is given to an equal request in another process`, async (t) => {
    const { join } = await share(t)
    const [a, b] = [join(), join()]
    const first = await a.start({}, null)
    await a.store.update(first, (before) => ({ ...before, run: { ...before.run, status } }))
    t.equal(await b.start({}, null), first)
  })
}

for (const status of ['succeeded', 'partial', 'failed', 'canceled'] as const) {
  t.test(`a ${status} run is given to no equal request, unless it goes on; then there is one again`, async (t) => {
    const { join } = await share(t)
    const [a, b] = [join(), join()]
    const first = await a.start({}, null)
    await end(b.store, first, status)
    const again = [await a.start({}, null), await b.start({}, null)]
    t.equal(new Set(again).size, 1)
    t.not(again[0], first)
    for (const id of again.slice(1)) await end(a.store, id)
    if (status === 'succeeded') return
    await b.store.update(first, resume)
    t.equal(await a.start({}, null), first)
  })
}

t.test('a run that was started with a key is given to an equal request without one, ' +
  'and not the other way round', async (t) => {
  const { join } = await share(t)
  const [a, b] = [join(), join()]
  const keyed = await a.start({}, 'key')
  t.equal(await b.start({}, null), keyed)
  t.not(await b.start({}, 'another key'), keyed)
})

t.test('a deleted run is brought back by no request and by no key', async (t) => {
  const { join } = await share(t)
  const [a, b] = [join(), join()]
  const first = await a.start({}, 'key')
  await end(a.store, first)
  await b.store.update(first, discard)
  await b.store.remove(first)
  t.notOk([await a.start({}, null), await a.start({}, 'key')].includes(first))
})

t.test('a key gives its run for 24 hours, whatever became of it; then another one', async (t) => {
  const { clock, join } = await share(t)
  const [a, b] = [join(), join()]
  const first = await a.start({}, 'key')
  await end(a.store, first)
  clock.jump(KEY_LIFETIME_MS)
  t.equal(await b.start({}, 'key'), first)
  await t.rejects(b.start({ limit: 7 }, 'key'), { code: 'idempotency_key_reused' })
  clock.jump(1)
  const second = await Promise.all([a.start({}, 'key'), b.start({}, 'key')])
  t.equal(new Set(second).size, 1)
  t.not(second[0], first)
})

t.test('equal keys of different owners are different keys, and no key or owner is stored', async (t) => {
  const { database, join } = await share(t)
  const a = join()
  const ids = [
    await a.start({}, 'secret-key', 'owner-1'),
    await a.start({}, 'secret-key', 'owner-2'),
    await a.start({}, 'secret-key'),
    await a.start({}, '\0secret-key'),
  ]
  t.equal(new Set(ids).size, 4)
  t.equal(await a.start({}, 'secret-key', 'owner-2'), ids[1])
  t.notMatch(JSON.stringify(await database.queries.selectFrom('claims').selectAll().execute()), /secret-key|owner-/)
})

for (const key of [null, 'key']) {
  t.test(`a crash while the run of a request ${key === null ? '' : 'with a key '}is being stored leaves nothing of ` +
    'it: the next one makes its own', async (t) => {
    const { database, join } = await share(t)
    const dying: Database = {
      ...database,
      transaction: async (options, work) => await database.transaction(options, async (within) => {
        await work(within)
        throw new Error('killed')
      }),
    }
    const first = createAdmission({
      store: createRunStore(dying, createOwners(), createRecordingLog()),
      clock: createFakeClock(),
      newId: () => uuidv7(),
      maxAlbums: 1000,
      market: null,
      maxPending: 1,
    })
    await t.rejects(first.admit({}, key === null ? null : { value: key, owner: null }), { code: 'storage_failed' })
    t.same([await storedIds(database), await database.queries.selectFrom('claims').selectAll().execute()], [[], []])
    const next = join({ maxPending: 1 })
    const made = await next.start({}, key)
    t.match(await next.store.read(made), { run: { status: 'queued' } })
  })
}

t.test('above the bound nothing new is admitted, and what there is is given all the same', async (t) => {
  const { join } = await share(t)
  const a = join({ maxPending: 1 })
  await a.checkRoom()
  const first = await a.start({}, 'key')
  for (const key of [null, 'another key']) {
    await t.rejects(a.start({ limit: 7 }, key), { code: 'queue_full', retryAfterSeconds: 30 })
  }
  for (const key of [null, 'key']) t.equal(await a.start({}, key), first)
  await t.rejects(a.checkRoom(), { code: 'queue_full' })
  await end(a.store, first)
  await a.checkRoom()
})

for (const isKeyed of [false, true]) {
  t.test('as many as may wait are admitted of twenty different requests in several ' +
    `processes${isKeyed ? ', each with a key' : ''}`, async (t) => {
    const { database, join } = await share(t)
    const processes = [join({ maxPending: 7 }), join({ maxPending: 7 })] as const
    const results = await Promise.allSettled(
      Array.from(
        { length: 20 },
        async (_, n) => await processes[(n % 2) as 0 | 1].start({ limit: n + 1 }, isKeyed ? `key ${n}` : null)
      )
    )
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 7)
    for (const result of results) if (result.status === 'rejected') t.match(result.reason, { code: 'queue_full' })
    t.equal((await storedIds(database)).length, 7)
  })
}

t.test('a database that cannot store is told, with what to do, and costs no place', async (t) => {
  const { database, clock, join } = await share(t)
  let isFull = true
  const failing: Database = {
    ...database,
    transaction: async (options, work) =>
      isFull
        ? await Promise.reject(Object.assign(new Error('database or disk is full'), { errcode: 13 }))
        : await database.transaction(options, work),
  }
  const a = join({ maxPending: 2, clock, store: createRunStore(failing, createOwners(), createRecordingLog()) })
  for (let n = 1; n <= 5; n++) {
    await t.rejects(a.start({ limit: n }, null), { code: 'storage_failed', message: /SQLITE_FULL.*make room/ })
  }
  isFull = false
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map(async (n) => await a.start({ limit: n }, null)))
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 2)
})

t.test('what is wrong with a request is told before anything is asked or stored', async (t) => {
  const { database, join } = await share(t)
  await t.rejects(join().start({ limit: 1001 }, 'key'), { code: 'invalid_request' })
  t.same(await storedIds(database), [])
})

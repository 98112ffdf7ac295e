import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import type { Database } from '../../../src/services/database/database.ts'
import { MEMORY, openSqlite } from '../../../src/services/database/sqlite.ts'
import {
  type BodyRef,
  type LedgerStore,
  openLedgerStore,
  removeLedger,
  sweepLedgers,
} from '../../../src/services/store/ledger-store.ts'
import { onBothDatabases } from '../../database.ts'

const RUN = '019a0000-0000-7000-8000-000000000001'

interface Replayed {
  event: unknown
  body: BodyRef | null
}

async function replayed<Event> (store: LedgerStore<Event>): Promise<Replayed[]> {
  const events: Replayed[] = []
  for await (const event of store.replay()) events.push(event)
  return events
}

/** The events alone. */
async function eventsOf<Event> (store: LedgerStore<Event>): Promise<unknown[]> {
  return (await replayed(store)).map(({ event }) => event)
}

type Transaction = Pick<Database, 'transaction'>['transaction']

/** The database, with `around` called instead of each transaction. */
function intercepted (database: Database, around: (run: () => Promise<unknown>) => Promise<unknown>): Database {
  const transaction: Transaction = async (options, work) =>
    await around(async () => await database.transaction(options, work)) as Awaited<ReturnType<typeof work>>
  return { ...database, transaction }
}

onBothDatabases(t, 'events are replayed in their order with their bodies', async (t, open) => {
  const first = await openLedgerStore<unknown>(await open(), RUN, 1)
  t.equal(first.lastExecution, 0)
  t.equal(await first.append({ kind: 'source' }), null)
  const bodies = ['{"name":"ü🎵"}', '', '"x"']
  const refs = await Promise.all(
    bodies.map(async (body, number) => await first.append({ kind: 'album', number }, body))
  )
  t.same(refs, bodies.map((body, number) => ({ execution: 1, seq: number + 2, length: body.length })))
  await first.close()
  const second = await openLedgerStore<unknown>(await open(), RUN, 2)
  t.equal(second.lastExecution, 1)
  t.same(await replayed(second), [
    { event: { kind: 'source' }, body: null },
    ...refs.map((body, number) => ({ event: { kind: 'album', number }, body })),
  ])
  for (const [number, ref] of refs.entries()) t.equal(ref === null ? null : await second.readBody(ref), bodies[number])
  t.same(await eventsOf(await openLedgerStore(await open(), RUN.replace('1', '2'), 9)), [], 'another run has none')
})

onBothDatabases(t, 'each execution numbers its own events, and sees those of earlier ones only', async (t, open) => {
  const database = await open()
  const first = await openLedgerStore<number>(database, RUN, 1)
  await first.append(10)
  const third = await openLedgerStore<number>(database, RUN, 3)
  await third.append(30)
  t.same(await eventsOf(third), [10], 'what it has appended itself it knows')
  await first.append(11)
  t.same(await eventsOf(third), [10, 11], 'one that was thought dead is still writing')
  const fourth = await openLedgerStore<number>(database, RUN, 4)
  t.equal(fourth.lastExecution, 3)
  await first.append(12)
  t.same(await eventsOf(fourth), [10, 11, 12, 30])
  t.same(
    await eventsOf(await openLedgerStore(database, RUN, 2)),
    [10, 11, 12],
    'an earlier one sees nothing of a later one'
  )
})

onBothDatabases(t, 'an execution that is opened again goes on after its last event', async (t, open) => {
  const database = await open()
  const before = await openLedgerStore<number>(database, RUN, 2)
  for (const event of [1, 2, 3]) await before.append(event)
  const again = await openLedgerStore<number>(database, RUN, 2)
  t.equal(again.lastExecution, 2)
  t.match(await again.append(4, 'body'), { execution: 2, seq: 4 })
  t.same(await eventsOf(again), [1, 2, 3])
  t.same(await eventsOf(await openLedgerStore(database, RUN, 3)), [1, 2, 3, 4])
})

onBothDatabases(t, 'events of one turn are one transaction, up to 50 or a million characters', async (t, open) => {
  const database = await open()
  let transactions = 0
  const store = await openLedgerStore<number>(
    intercepted(database, async (run) => {
      transactions++
      return await run()
    }),
    RUN,
    1
  )
  const groups: Array<[events: number, body: string, transactions: number]> = [[1, '', 1], [50, '', 1], [120, '', 3], [
    3,
    'x'.repeat(400_000),
    2,
  ], [3, 'x'.repeat(2_000_000), 3]]
  for (const [events, body, expected] of groups) {
    transactions = 0
    await Promise.all(Array.from({ length: events }, async (_, event) => await store.append(event, body)))
    t.equal(transactions, expected, `${events} of ${body.length} characters`)
  }
  const next = await openLedgerStore<number>(database, RUN, 2)
  t.same(
    await eventsOf(next),
    groups.flatMap(([events]) => Array.from({ length: events }, (_, event) => event)),
    'and all are there in their order'
  )
})

onBothDatabases(t, 'a ledger with many large bodies is replayed whole, and read body by body', async (t, open) => {
  const database = await open()
  const store = await openLedgerStore<number>(database, RUN, 1)
  const bodyOf = (event: number): string => String(event).repeat(20_000)
  await Promise.all(Array.from({ length: 130 }, async (_, event) => await store.append(event, bodyOf(event))))
  const events = await replayed(await openLedgerStore(database, RUN, 2))
  t.same(events.map(({ event }) => event), Array.from({ length: 130 }, (_, event) => event))
  for (const place of [0, 49, 50, 51, 99, 100, 129]) {
    t.equal(await store.readBody(events[place]?.body ?? { execution: 0, seq: 0, length: 0 }), bodyOf(place))
  }
})

onBothDatabases(t, 'a bounded number of the last bodies is not read again by the ' +
  'execution that stored them', async (t, open) => {
  const { kind, queries, transaction } = await open()
  const store = await openLedgerStore<number>({ kind, queries, transaction }, RUN, 1)
  const refs: BodyRef[] = []
  for (let event = 0; event < 5; event++) {
    refs.push(await store.append(event, String(event).repeat(700_000)) ?? { execution: 0, seq: 0, length: 0 })
  }
  await queries.deleteFrom('ledger_events').execute()
  for (const [event, ref] of refs.entries()) {
    if (event > 2) t.equal(await store.readBody(ref), String(event).repeat(700_000))
    else await t.rejects(store.readBody(ref), { code: 'storage_failed' })
  }
})

onBothDatabases(t, 'a damaged event is left out, all others come, and its body is an error', async (t, open) => {
  const database = await open()
  const store = await openLedgerStore<number>(database, RUN, 1)
  const refs: BodyRef[] = []
  for (let event = 0; event < 6; event++) {
    refs.push(await store.append(event, `{"number":${event}}`) ?? { execution: 0, seq: 0, length: 0 })
  }
  const damage = async (seq: number, columns: Record<string, unknown>): Promise<unknown> =>
    await database.queries.updateTable('ledger_events').set(columns).where('seq', '=', seq).execute()
  await damage(1, { event: '9' })
  await damage(2, { body: '{"number":9}' })
  await damage(3, { body: null })
  await damage(4, { checksum: 7 })
  await damage(5, { event: 'no JSON' })
  const later = await openLedgerStore(database, RUN, 2)
  t.same(await eventsOf(later), [5])
  for (const [number, ref] of refs.entries()) {
    if (number === 5) t.equal(await later.readBody(ref), '{"number":5}')
    else await t.rejects(later.readBody(ref), { code: 'storage_failed', message: /damaged/ })
  }
  await t.rejects(later.readBody({ execution: 1, seq: 99, length: 1 }), { code: 'storage_failed', message: /damaged/ })
})

t.test('any character changed in an event or its body leaves it out', async (t) => {
  const database = await openSqlite(MEMORY, { now: Date.now })
  t.teardown(async () => await database.close())
  const store = await openLedgerStore<unknown>(database, RUN, 1)
  await store.append({ kind: 'album', id: 'a' }, '{"name":"夜に駆ける"}')
  const row = await database.queries.selectFrom('ledger_events').selectAll().executeTakeFirstOrThrow()
  const next = await openLedgerStore<unknown>(database, RUN, 2)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('event' as const, 'body' as const),
      fc.nat(),
      fc.integer({ min: 1, max: 0x7f }),
      async (column, place, mask) => {
        const whole = row[column] ?? ''
        const at = place % whole.length
        const damaged = whole.slice(0, at) + String.fromCharCode(whole.charCodeAt(at) ^ mask) + whole.slice(at + 1)
        await database.queries.updateTable('ledger_events').set({ event: row.event, body: row.body, [column]: damaged })
          .execute()
        t.same(await eventsOf(next), [], JSON.stringify(damaged))
      }
    )
  )
  await database.queries.updateTable('ledger_events').set({ event: row.event, body: row.body }).execute()
  t.equal((await eventsOf(next)).length, 1)
})

t.test('whenever an event is appended, it is stored: also while the last group is just being finished', async (t) => {
  const database = await openSqlite(MEMORY, { now: Date.now })
  t.teardown(async () => await database.close())
  const store = await openLedgerStore<number>(database, RUN, 1)
  let stored = 0
  for (let steps = 0; steps < 150; steps++) {
    void store.append(1).then(() => {
      stored++
    })
    for (let step = 0; step < steps; step++) await Promise.resolve()
    void store.append(2).then(() => {
      stored++
    })
    for (let turn = 0; turn < 5; turn++) await nextTurn()
    if (stored !== 2 * (steps + 1)) throw new Error(`one that came ${steps} steps later waits for ever`)
  }
  await store.close()
  t.equal((await eventsOf(await openLedgerStore(database, RUN, 2))).length, 300)
})

t.test('an event is stored once, also where the answer of the commit got lost', async (t) => {
  const database = await openSqlite(MEMORY, { now: Date.now })
  t.teardown(async () => await database.close())
  let transactions = 0
  const store = await openLedgerStore<number>(
    intercepted(database, async (run) => {
      await run()
      if (transactions++ === 0) throw new Error('Connection terminated unexpectedly')
    }),
    RUN,
    1
  )
  await Promise.all([store.append(1), store.append(2)])
  t.equal(transactions, 2)
  t.same(await eventsOf(await openLedgerStore(database, RUN, 2)), [1, 2])
})

t.test('what cannot be stored fails those who wait for it alone, and the next event is stored', async (t) => {
  const database = await openSqlite(MEMORY, { now: Date.now })
  t.teardown(async () => await database.close())
  let isFull = true
  const store = await openLedgerStore<number>(
    intercepted(database, async (run) => {
      if (isFull) throw Object.assign(new Error('the disk is full'), { errcode: 13 })
      return await run()
    }),
    RUN,
    1
  )
  const results = await Promise.allSettled([store.append(1), store.append(2)])
  t.same(results.map(({ status }) => status), ['rejected', 'rejected'])
  isFull = false
  await store.append(3)
  t.same(await eventsOf(await openLedgerStore(database, RUN, 2)), [3])
})

t.test('close waits for what is being stored', async (t) => {
  const database = await openSqlite(MEMORY, { now: Date.now })
  t.teardown(async () => await database.close())
  const store = await openLedgerStore<number>(database, RUN, 1)
  let stored = 0
  for (const event of [1, 2, 3]) {
    void store.append(event).then(() => {
      stored++
    })
  }
  await store.close()
  await Promise.resolve()
  t.equal(stored, 3)
  await store.close()
})

onBothDatabases(t, 'a removed ledger is gone, however long it is, and no other one', async (t, open) => {
  const database = await open()
  const [gone, stays] = [
    await openLedgerStore<number>(database, RUN, 1),
    await openLedgerStore<number>(database, RUN.replace('1', '2'), 1),
  ]
  const later = await openLedgerStore<number>(database, RUN, 2)
  await Promise.all(
    Array.from(
      { length: 230 },
      async (_, event) => await Promise.all([gone.append(event), later.append(event), event < 3 && stays.append(event)])
    )
  )
  await removeLedger(database, RUN)
  t.same(
    (await database.queries.selectFrom('ledger_events').select('run_id').distinct().execute()).map(({ run_id: id }) =>
      id
    ),
    [RUN.replace('1', '2')]
  )
  t.equal((await eventsOf(await openLedgerStore(database, RUN.replace('1', '2'), 2))).length, 3)
  t.equal((await openLedgerStore(database, RUN, 3)).lastExecution, 0)
  await removeLedger(database, RUN)
})

onBothDatabases(t, 'ledgers that are not needed are deleted whole, the others stay as they are', async (t, open) => {
  const database = await open()
  const ids = [1, 2, 3, 4].map((number) => RUN.replace(/1$/, String(number)))
  for (const id of ids) {
    const store = await openLedgerStore(database, id, 1)
    for (const event of ['a', 'b']) await store.append(event, '{}')
    await store.close()
  }
  const asked: string[] = []
  await sweepLedgers(database, async (id) => {
    asked.push(id)
    return id === ids[1] || id === ids[3]
  })
  t.same(asked, ids)
  const rows = await database.queries.selectFrom('ledger_events').select('run_id').orderBy('run_id').execute()
  t.same(rows.map(({ run_id: id }) => id), [ids[1], ids[1], ids[3], ids[3]])
})

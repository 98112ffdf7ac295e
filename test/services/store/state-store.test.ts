import fc from 'fast-check'
import t from 'tap'
import { seal } from '../../../src/services/database/checksum.ts'
import { createStateStore } from '../../../src/services/store/state-store.ts'
import { onBothDatabases } from '../../database.ts'
import { createRecordingLog } from '../recording-log.ts'

const LOG = createRecordingLog()

onBothDatabases(t, 'a state is there for every process until it is replaced, by app and kind', async (t, open) => {
  const [one, two] = [await open(), await open()]
  const [mine, theirs] = [
    createStateStore<unknown>(one, 'capabilities', 'app a', LOG),
    createStateStore<unknown>(two, 'capabilities', 'app a', LOG),
  ]
  t.equal(await mine.load(), null)
  await mine.save({ tier: 'extended', ü: ['🎵', null] })
  t.same(await theirs.load(), { tier: 'extended', ü: ['🎵', null] })
  await theirs.save({ tier: 'development' })
  t.same(await mine.load(), { tier: 'development' })
  for (
    const other of [
      createStateStore(one, 'token-pause', 'app a', LOG),
      createStateStore(one, 'capabilities', 'app b', LOG),
    ]
  ) t.equal(await other.load(), null)
})

onBothDatabases(t, 'whatever is saved is loaded, and nothing tells whose it is', async (t, open) => {
  const database = await open()
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.string(), async (state, owner) => {
      const store = createStateStore<unknown>(database, 'token-pause', owner, LOG)
      await store.save(state)
      t.strictSame(await store.load(), JSON.parse(JSON.stringify(state)))
    }),
    { numRuns: 20 }
  )
  const secret = createStateStore(database, 'token-pause', 'client-id', LOG)
  await secret.save({})
  t.notMatch(JSON.stringify(await database.queries.selectFrom('states').selectAll().execute()), /client-id/)
})

onBothDatabases(t, 'saved by many at the same time, one of them is there', async (t, open) => {
  const stores = [await open(), await open()].map((database) =>
    createStateStore<number>(database, 'capabilities', 'app', LOG)
  )
  await Promise.all(Array.from({ length: 8 }, async (_, number) => await stores[number % 2]?.save(number)))
  const [one, two] = await Promise.all(stores.map(async (store) => await store.load()))
  t.ok(one !== null && one !== undefined && one >= 0 && one < 8)
  t.equal(one, two)
})

onBothDatabases(t, 'a damaged state is none, with a line in the log, until the next one is saved', async (t, open) => {
  const { queries, ...rest } = await open()
  const log = createRecordingLog()
  const store = createStateStore<{ untilMs: number }>({ queries, ...rest }, 'token-pause', 'app', log)
  const whole = seal('{"untilMs":1700000000000}')
  const damages = [
    '',
    '{"untilMs":1700000000000}',
    whole.replace('17', '18'),
    whole.slice(0, -1),
    `${whole} `,
    `x${whole.slice(1)}`,
    'null',
  ]
  for (const value of damages) {
    await store.save({ untilMs: 1_700_000_000_000 })
    await queries.updateTable('states').set({ value }).execute()
    t.equal(await store.load(), null, JSON.stringify(value))
  }
  t.same(log.lines, damages.map(() => 'error stored state is damaged; continuing without it'))
  await store.save({ untilMs: 2 })
  t.same(await store.load(), { untilMs: 2 })
})

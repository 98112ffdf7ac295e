import t from 'tap'
import type { Database, Transaction, TransactionOptions } from '../../../src/services/database/database.ts'
import { onBothDatabases } from '../../database.ts'
import { createGate } from '../gate.ts'

const DURABLE: TransactionOptions = { lock: null, isDurable: true }
const KINDS: TransactionOptions[] = [DURABLE, { lock: null, isDurable: false }, { lock: 'admission', isDurable: true }]

async function put (within: Transaction | Database['queries'], scope: string, value: string): Promise<void> {
  await within.insertInto('states').values({ kind: 'test', scope, value }).execute()
}

async function valuesOf ({ queries }: Pick<Database, 'queries'>): Promise<string[]> {
  const rows = await queries.selectFrom('states').select('value').where('kind', '=', 'test').orderBy('scope').execute()
  return rows.map(({ value }) => value)
}

onBothDatabases(t, 'a transaction gives its answer, and is there for every process', async (t, open) => {
  const [one, two] = [await open(), await open()]
  for (const [number, options] of KINDS.entries()) {
    t.equal(
      await one.transaction(options, async (within) => {
        await put(within, `${number}a`, 'first')
        await put(within, `${number}b`, 'second')
        return number
      }),
      number
    )
  }
  t.same(await valuesOf(two), ['first', 'second', 'first', 'second', 'first', 'second'])
})

onBothDatabases(t, 'a failed transaction rethrows, changes nothing, and the next one succeeds', async (t, open) => {
  const database = await open()
  await put(database.queries, 'a', 'before')
  for (const options of KINDS) {
    await t.rejects(
      database.transaction(options, async (within) => {
        await within.updateTable('states').set({ value: 'after' }).execute()
        await put(within, 'b', 'new')
        throw new RangeError('no')
      }),
      new RangeError('no')
    )
    await t.rejects(
      database.transaction(options, async (within) => {
        await put(within, 'b', 'new')
        await put(within, 'a', 'taken')
      }),
      { code: database.kind === 'sqlite' ? 'ERR_SQLITE_ERROR' : '23505' }
    )
  }
  t.same(await valuesOf(database), ['before'])
  await database.transaction(DURABLE, async (within) => await put(within, 'b', 'new'))
  t.same(await valuesOf(database), ['before', 'new'])
})

onBothDatabases(t, 'no other process sees a transaction before it is committed', async (t, open) => {
  const [one, two] = [await open(), await open()]
  const [written, seen] = [createGate(), createGate()]
  const writing = one.transaction(DURABLE, async (within) => {
    await put(within, 'a', 'new')
    written.resolve()
    await seen.promise
  })
  await written.promise
  t.same(await valuesOf(two), [])
  seen.resolve()
  await writing
  t.same(await valuesOf(two), ['new'])
})

onBothDatabases(t, 'of many that read and write under one lock none overwrites another', async (t, open) => {
  const databases = [await open(), await open()]
  await databases[0]?.queries.insertInto('states').values({ kind: 'test', scope: '', value: '0' }).execute()
  await Promise.all(Array.from({ length: 40 }, async (_, number) => {
    await databases[number % 2]?.transaction({ lock: 'count', isDurable: number % 3 === 0 }, async (within) => {
      const { value } = await within.selectFrom('states').select('value').where('kind', '=', 'test')
        .executeTakeFirstOrThrow()
      await within.updateTable('states').set({ value: String(Number(value) + 1) }).where('kind', '=', 'test').execute()
    })
  }))
  for (const database of databases) t.same(await valuesOf(database), ['40'])
})

onBothDatabases(t, 'numbers, texts and bytes come back as they were', async (t, open) => {
  const { queries } = await open()
  const text = '\u0001\t"ü🎵夜に駆ける\u2028'
  const album = {
    key: 'a',
    stored_ms: Number.MAX_SAFE_INTEGER,
    bytes: 2 ** 31 - 1,
    meta: text,
    body: 'x'.repeat(3_000_000),
    checksum: 2 ** 32 - 1,
  }
  await queries.insertInto('cached_albums').values(album).execute()
  t.strictSame({ ...await queries.selectFrom('cached_albums').selectAll().executeTakeFirst() }, album)
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  await queries.insertInto('document_pieces').values({ run_id: 'a', sha256: 'b', seq: 0, bytes }).execute()
  const piece = await queries.selectFrom('document_pieces').select('bytes').executeTakeFirst()
  t.ok(bytes.equals(piece?.bytes ?? Buffer.of()))
})

onBothDatabases(t, 'a change tells how many rows it has changed, and what is in them', async (t, open) => {
  const { queries } = await open()
  for (const scope of ['a', 'b', 'c']) await put(queries, scope, scope)
  const { numUpdatedRows } = await queries.updateTable('states').set({ value: 'x' }).where('scope', '<', 'c')
    .executeTakeFirst()
  t.equal(numUpdatedRows, 2n)
  const returned = await queries.updateTable('states').set({ value: 'y' }).where('scope', '=', 'b').returning([
    'scope',
    'value',
  ]).execute()
  t.same(returned.map((row) => ({ ...row })), [{ scope: 'b', value: 'y' }])
  t.same(
    await queries.updateTable('states').set({ value: 'z' }).where('scope', '=', 'none').returning('scope').execute(),
    []
  )
})

onBothDatabases(t, 'the clock of the database is shared, also within a transaction', async (t, open) => {
  const [one, two] = [await open(), await open()]
  const first = await one.nowMs()
  const [begun, second] = await one.transaction(DURABLE, async (within) => [await two.nowMs(), await one.nowMs(within)])
  t.ok(Number.isSafeInteger(first))
  t.ok(Math.abs(first - Date.now()) < 60_000, 'epoch milliseconds')
  t.ok(begun >= first && second >= begun, 'also one that began before tells the present time')
})

onBothDatabases(t, 'a probe writes, and can be repeated', async (t, open) => {
  const [one, two] = [await open(), await open()]
  for (const database of [one, two, one]) await database.probe()
  t.equal((await one.queries.selectFrom('states').select('kind').execute()).length, 1)
})

onBothDatabases(t, 'after its end a connection refuses everything', async (t, open) => {
  const database = await open()
  await database.close()
  await t.rejects(valuesOf(database))
  await t.rejects(database.transaction(DURABLE, async (within) => await put(within, 'a', 'x')))
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import t from 'tap'
import { isFull } from '../../../src/services/database/failure.ts'
import { MEMORY, openSqlite } from '../../../src/services/database/sqlite.ts'
import { storageErrno } from '../../../src/services/store/storage-failure.ts'
import { onSqlite } from '../../database.ts'
import { createGate } from '../gate.ts'

const DURABLE = { lock: null, isDurable: true }
const CLOCK = { now: Date.now }
const COUNTER = fileURLToPath(new URL('./count-up.ts', import.meta.url))

onSqlite(t, 'the file and its logs are for their owner alone, whatever the umask', async (t, open, path) => {
  const before = process.umask(0)
  try {
    const database = await open()
    await database.probe()
  } finally {
    process.umask(before)
  }
  const names = readdirSync(dirname(path)).sort()
  t.same(names, ['service.db', 'service.db-shm', 'service.db-wal'])
  for (const name of names) t.equal(statSync(join(dirname(path), name)).mode & 0o777, 0o600, name)
})

onSqlite(t, 'a file that others could read is for its owner alone from now on', async (t, open, path) => {
  writeFileSync(path, '', { mode: 0o644 })
  await open()
  t.equal(statSync(path).mode & 0o777, 0o600)
})

onSqlite(t, 'an end leaves one file, in which all is', async (t, open, path) => {
  const database = await open()
  await database.probe()
  await database.close()
  t.same(readdirSync(dirname(path)), ['service.db'])
})

onSqlite(t, 'a connection that has to wait for another one holds up nothing else', async (t, open) => {
  const [one, two] = [await open(), await open()]
  const [written, enough] = [createGate(), createGate()]
  const writing = one.transaction(DURABLE, async (within) => {
    await within.insertInto('states').values({ kind: 'test', scope: 'a', value: '' }).execute()
    written.resolve()
    await enough.promise
  })
  await written.promise
  const waiting = [
    two.transaction(
      DURABLE,
      async (within) => await within.insertInto('states').values({ kind: 'test', scope: 'b', value: '' }).execute()
    ),
    two.probe(),
  ]
  let isOver = false
  void Promise.allSettled(waiting).then(() => {
    isOver = true
  })
  const beginMs = performance.now()
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  t.ok(performance.now() - beginMs < 1000, `20 turns took ${performance.now() - beginMs} ms`)
  t.notOk(isOver)
  enough.resolve()
  await Promise.all([writing, ...waiting])
  t.equal((await one.queries.selectFrom('states').select('scope').where('kind', '=', 'test').execute()).length, 2)
})

onSqlite(t, 'several processes create the file and write concurrently without an error', async (t, open, path) => {
  const counts = await Promise.all(Array.from({ length: 2 }, async () => {
    const child = spawn(process.execPath, [COUNTER, path, '25'], { stdio: ['ignore', 'ignore', 'pipe'] })
    t.teardown(() => child.kill('SIGKILL'))
    let output = ''
    child.stderr.on('data', (data: Buffer) => {
      output += data.toString()
    })
    const [code] = await once(child, 'exit') as [number | null]
    t.equal(code, 0, output)
  }))
  const { queries } = await open()
  const { value } = await queries.selectFrom('states').select('value').where('kind', '=', 'count')
    .executeTakeFirstOrThrow()
  t.equal(value, String(25 * counts.length))
})

onSqlite(t, 'only durable transactions are synced, also after one that failed', async (t, open) => {
  const { queries, transaction } = await open()
  const synchronous = async (within = queries): Promise<unknown> =>
    (await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(within)).rows[0]?.synchronous
  const [full, normal] = [2, 1]
  t.equal(await synchronous(), normal)
  t.equal(await transaction({ lock: null, isDurable: false }, synchronous), normal)
  t.equal(await transaction(DURABLE, synchronous), full)
  t.equal(await synchronous(), normal)
  await t.rejects(transaction(DURABLE, async () => {
    throw new Error('no')
  }))
  t.equal(await synchronous(), normal)
  t.equal(await transaction(DURABLE, synchronous), full)
})

onSqlite(t, 'in a quiet moment the log is moved to the file', async (t, open, path) => {
  const { queries, transaction } = await open()
  const before = statSync(path).size
  await transaction(DURABLE, async (within) => {
    for (let name = 0; name < 200; name++) {
      const row = { name: String(name).padEnd(1000), run_id: '', request_key: '', claimed_ms: 1 }
      await within.insertInto('claims').values(row).execute()
    }
  })
  t.equal(statSync(path).size, before)
  while (statSync(path).size === before) await nextTurn()
  t.equal((await queries.selectFrom('claims').select('name').execute()).length, 200)
})

onSqlite(t, 'a number that damage has made too large costs no other row', async (t, open) => {
  const { queries } = await open()
  for (const name of ['a', 'b']) {
    await queries.insertInto('claims').values({ name, run_id: name, request_key: '', claimed_ms: 1 }).execute()
  }
  await sql`update claims set claimed_ms = 9223372036854775807 where name = 'b'`.execute(queries)
  const claims = async () =>
    (await queries.selectFrom('claims').select(['name', 'claimed_ms']).orderBy('name').execute()).map((row) => ({
      ...row,
    }))
  const expected = [{ name: 'a', claimed_ms: 1 }, { name: 'b', claimed_ms: 2 ** 63 }]
  t.same(await claims(), expected)
  t.same(await claims(), expected)
  await queries.deleteFrom('claims').where('name', '=', 'b').execute()
  t.strictSame(await claims(), [{ name: 'a', claimed_ms: 1 }])
})

onSqlite(t, 'a file that is no database is left as it is', async (t, open, path) => {
  writeFileSync(path, 'no database'.repeat(1000))
  const error: unknown = await open().catch((error: unknown) => error)
  t.equal(storageErrno(error), 'SQLITE_NOTADB', String(error))
  t.equal(readFileSync(path, 'utf8'), 'no database'.repeat(1000))
})

onSqlite(t, 'a damaged database refuses what it cannot read', async (t, open, path) => {
  const database = await open()
  for (let row = 0; row < 50; row++) {
    await database.queries.insertInto('states').values({ kind: 'test', scope: String(row), value: 'x'.repeat(5000) })
      .execute()
  }
  await database.close()
  const whole = readFileSync(path)
  whole.fill(0xff, 4096)
  writeFileSync(path, whole)
  const reading = async (): Promise<unknown> => await (await open()).queries.selectFrom('states').selectAll().execute()
  const error: unknown = await reading().catch((error: unknown) => error)
  t.equal(storageErrno(error), 'SQLITE_CORRUPT', String(error))
})

onSqlite(t, 'a probe fails where nothing can be stored', async (t, open) => {
  const database = await open()
  await sql`PRAGMA query_only = on`.execute(database.queries)
  await t.rejects(database.probe(), { message: /readonly database/ })
  await sql`PRAGMA query_only = off`.execute(database.queries)
  await database.probe()
})

onSqlite(t, 'a full disk is told as such, and what was there stays', async (t, open) => {
  const { queries, transaction } = await open()
  await sql`PRAGMA max_page_count = 60`.execute(queries)
  const fill = async (kind: string): Promise<unknown> =>
    await transaction(DURABLE, async (within) => {
      for (let row = 0; row < 100; row++) {
        await within.insertInto('states').values({ kind, scope: String(row), value: 'x'.repeat(4000) }).execute()
      }
    })
  await queries.insertInto('states').values({ kind: 'test', scope: '', value: 'before' }).execute()
  const error: unknown = await fill('fill').catch((error: unknown) => error)
  t.ok(isFull(error), String(error))
  t.same((await queries.selectFrom('states').select('value').execute()).map(({ value }) => value), ['before'])
  await sql`PRAGMA max_page_count = 10000`.execute(queries)
  await fill('fill')
})

onSqlite(t, 'a deleted file refuses durable writes, and a restored one is used', async (t, open, path) => {
  const database = await open()
  const write = async (scope: string): Promise<unknown> =>
    await database.transaction(
      DURABLE,
      async (within) => await within.insertInto('states').values({ kind: 'test', scope, value: '' }).execute()
    )
  await write('a')
  await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(database.queries)
  const backup = readFileSync(path)
  for (const name of readdirSync(dirname(path))) rmSync(join(dirname(path), name))
  await t.rejects(write('b'), { code: 'ENOENT' })
  await t.rejects(database.probe(), { code: 'ENOENT' })
  writeFileSync(path, backup)
  await write('c')
  await database.probe()
  const other = await openSqlite(path, CLOCK)
  t.same(
    (await other.queries.selectFrom('states').select('scope').where('kind', '=', 'test').orderBy('scope').execute())
      .map(({ scope }) => scope),
    ['a', 'c']
  )
  await other.close()
})

t.test("a database in memory is its connection's alone", async (t) => {
  const [one, two] = [await openSqlite(MEMORY, CLOCK), await openSqlite(MEMORY, CLOCK)]
  await one.queries.insertInto('states').values({ kind: 'test', scope: '', value: '' }).execute()
  t.same(await two.queries.selectFrom('states').selectAll().execute(), [])
  for (const database of [one, two]) await database.close()
})

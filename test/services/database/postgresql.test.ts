import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import t from 'tap'
import type { Database, Notice } from '../../../src/services/database/database.ts'
import { isAway } from '../../../src/services/database/failure.ts'
import { openPostgresql } from '../../../src/services/database/postgresql.ts'
import { type TestServer, dropOf, onPostgresql, onServer } from '../../database.ts'
import { createGate } from '../gate.ts'
import { type RecordingLog, createRecordingLog } from '../recording-log.ts'

/** A connection that hears notices already. */
async function openListening (open: TestServer['open'], log?: RecordingLog): Promise<Database> {
  const database = await open(log)
  await new Promise<void>((resolve) => {
    database.onReturn(resolve)
  })
  return database
}

/** What is heard, until there is as much of it as is wanted. */
function listen (database: Database) {
  const heard: Notice[] = []
  let enough = { count: Infinity, resolve: (): void => {} }
  database.onNotice((notice) => {
    heard.push(notice)
    if (heard.length >= enough.count) enough.resolve()
  })
  return {
    heard,
    until: async (count: number): Promise<Notice[]> =>
      await new Promise((resolve) => {
        enough = { count, resolve: () => resolve(heard) }
        if (heard.length >= count) resolve(heard)
      }),
  }
}

const channelOf = (schema: string): string =>
  `album_ingest_${createHash('sha256').update(schema).digest('hex').slice(0, 16)}`

onPostgresql(t, 'transactions of one lock do not overlap, in whatever processes; others do', async (t, open) => {
  const [one, two] = [await open(), await open()]
  const [begun, mayEnd] = [createGate(), createGate()]
  const order: string[] = []
  const first = one.transaction({ lock: 'a', isDurable: true }, async () => {
    begun.resolve()
    await mayEnd.promise
    order.push('first')
  })
  await begun.promise
  const second = two.transaction({ lock: 'a', isDurable: true }, async () => {
    order.push('second')
  })
  const alsoSecond = one.transaction({ lock: 'a', isDurable: false }, async () => {
    order.push('second')
  })
  for (const lock of ['b', null]) {
    await two.transaction({ lock, isDurable: true }, async () => {
      order.push('another')
    })
  }
  mayEnd.resolve()
  await Promise.all([first, second, alsoSecond])
  t.same(order, ['another', 'another', 'first', 'second', 'second'])
})

onPostgresql(t, 'a commit waits for the disk unless it need not', async (t, open) => {
  const { queries, transaction } = await open()
  const setting = async (within = queries): Promise<unknown> =>
    (await sql<{ value: string }>`select current_setting('synchronous_commit') as value`.execute(within)).rows[0]?.value
  t.equal(await transaction({ lock: null, isDurable: true }, setting), 'on')
  t.equal(await transaction({ lock: null, isDurable: false }, setting), 'off')
  for (let time = 0; time < 3; time++) t.equal(await transaction({ lock: 'a', isDurable: true }, setting), 'on')
})

onPostgresql(t, 'a process that freezes within a transaction is shut out after some seconds', async (t, open) => {
  const { queries } = await open()
  for (const name of ['idle_in_transaction_session_timeout', 'statement_timeout']) {
    const { rows: [setting] } = await sql<{ value: string }>`select current_setting(${name}) as value`.execute(queries)
    t.match(setting?.value, /^(?:[1-9]|10)s$/, name)
  }
})

onServer(t, 'a notice reaches the other processes, and not its sender', async (t, { open }) => {
  const databases = [await openListening(open), await openListening(open), await openListening(open)] as const
  const [one, two, three] = [listen(databases[0]), listen(databases[1]), listen(databases[2])]
  databases[0].notify({ kind: 'run', id: 'a' })
  t.same(await two.until(1), [{ kind: 'run', id: 'a' }])
  databases[1].notify({ kind: 'cancel', id: 'b' })
  t.same(await three.until(2), [{ kind: 'run', id: 'a' }, { kind: 'cancel', id: 'b' }])
  t.same(await one.until(1), [{ kind: 'cancel', id: 'b' }])
  t.same(two.heard, [{ kind: 'run', id: 'a' }])
})

onServer(t, 'schemas of one database do not see, lock or notify each other', async (t, { open, url, schema, sql }) => {
  const other = `${schema}_other`
  t.teardown(async () => await sql(dropOf(other)))
  const [one, two] = [await openListening(open), await openPostgresql(url, other, createRecordingLog())]
  t.teardown(async () => await two.close())
  const listening = listen(one)
  await one.transaction({ lock: 'a', isDurable: true }, async (within) => {
    await within.insertInto('claims').values({ name: 'a', run_id: 'b', request_key: 'c', claimed_ms: 1 }).execute()
    await two.transaction({ lock: 'a', isDurable: true }, async () => t.pass('while the first one has its lock'))
  })
  t.same(await two.queries.selectFrom('claims').selectAll().execute(), [])
  t.same(await sql(`select name from ${schema}.claims`), [{ name: 'a' }])
  await sql('select pg_notify($1, $2)', [channelOf(other), 'x run theirs'])
  await sql('select pg_notify($1, $2)', [channelOf(schema), 'x run mine'])
  t.same(await listening.until(1), [{ kind: 'run', id: 'mine' }])
})

const FORGED = [
  '',
  ' ',
  'x',
  'x drop a',
  'x  run a',
  'run a',
  'x RUN a',
  '{"kind":"run"}',
  'x constructor a',
  '\u0001',
  'x'.repeat(7999),
]
/** These have the form of one: whoever hears them reads the row, and finds none. */
const WELL_FORMED: Array<[payload: string, notice: Notice]> = [
  ['x run ../../etc/passwd', { kind: 'run', id: '../../etc/passwd' }],
  ['x run', { kind: 'run', id: '' }],
  ['x cancel ', { kind: 'cancel', id: '' }],
  ['x cancel __proto__ and more', { kind: 'cancel', id: '__proto__' }],
]

onServer(t, 'a forged notice is ignored, or names a run that does not exist', async (t, { open, schema, sql }) => {
  const listening = listen(await openListening(open))
  await sql('select pg_notify($1, payload) from unnest($2::text[]) as payload', [channelOf(schema), [
    ...FORGED,
    ...WELL_FORMED.map(([payload]) => payload),
  ]])
  t.same(await listening.until(WELL_FORMED.length), WELL_FORMED.map(([, notice]) => notice))
})

onServer(t, 'a restart of the server is reported once, and all resumes', async (t, { open, kill, restart }) => {
  const log = createRecordingLog()
  const [one, two] = [await openListening(open, log), await openListening(open)]
  await one.queries.insertInto('claims').values({ name: 'a', run_id: 'b', request_key: 'c', claimed_ms: 1 }).execute()
  const returns = [one, two].map(async (database) =>
    await new Promise<void>((resolve) => {
      database.onReturn(resolve)
    })
  )
  let returned = 0
  one.onReturn(() => {
    returned++
  })
  await kill()
  for (
    const ask of [
      async () => await one.probe(),
      async () => await one.nowMs(),
      async () => await one.transaction({ lock: 'a', isDurable: true }, async () => {}),
    ]
  ) {
    const error: unknown = await ask().catch((error: unknown) => error)
    t.ok(isAway(error), String(error))
  }
  await until(() => log.lines.some((line) => line.startsWith('warn')))
  one.notify({ kind: 'run', id: 'lost' })
  await restart()
  await Promise.all(returns)
  await one.probe()
  t.equal((await two.queries.selectFrom('claims').select('name').execute()).length, 1)
  const listening = listen(two)
  one.notify({ kind: 'run', id: 'a' })
  t.same(await listening.until(1), [{ kind: 'run', id: 'a' }])
  t.equal(returned, 1)
  t.same(log.lines.filter((line) => !line.startsWith('debug')), [
    'warn PostgreSQL unreachable; calls to Spotify stopped',
    'info PostgreSQL reachable again',
  ])
})

onServer(t, 'a server that is not there yet is waited for, with its tables', async (t, { open, kill, restart }) => {
  await kill()
  const log = createRecordingLog()
  const database = await open(log)
  const returned = new Promise<void>((resolve) => {
    database.onReturn(resolve)
  })
  await t.rejects(database.probe(), { code: 'starting', message: /DATABASE_URL/ })
  const error: unknown = await database.nowMs().catch((error: unknown) => error)
  t.ok(isAway(error), String(error))
  await restart()
  await returned
  await database.probe()
  t.match(log.lines[0], /^warn PostgreSQL unreachable/)
}, true)

t.test('the end of a process that still waits for its server is quick, and tells nothing more', async (t) => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  silent.close()
  const log = createRecordingLog()
  const database = await openPostgresql(`postgres://postgres@127.0.0.1:${port}/postgres`, 'any', log)
  const beginMs = performance.now()
  await database.close()
  t.ok(performance.now() - beginMs < 2000)
  t.equal(log.lines.length, 1)
})

onServer(
  t,
  'a refused login fails the start without naming the password',
  async (t, { url, schema, folder, sql }) => {
    const rules = join(folder, 'pg_hba.conf')
    const before = await readFile(rules, 'utf8')
    await sql(`create role ${schema} login password 'right-secret'`)
    await writeFile(rules, `host all ${schema} 127.0.0.1/32 scram-sha-256\n${before}`)
    await sql('select pg_reload_conf()')
    t.teardown(async () => {
      await writeFile(rules, before)
      await sql('select pg_reload_conf()')
      await sql(`drop role ${schema}`)
    })
    const as = (user: string, database: string): string =>
      url.replace('postgres@', `${user}@`).replace(/postgres$/, database)
    const refused: Array<[url: string, reason: RegExp]> = [
      [as(`${schema}:wrong-secret`, 'postgres'), /password authentication failed/],
      [as('nobody:wrong-secret', 'postgres'), /role "nobody" does not exist/],
      [as('postgres:wrong-secret', 'missing'), /database "missing" does not exist/],
      [as(`${schema}:right-secret`, 'postgres'), /permission denied/],
    ]
    for (const [url, reason] of refused) {
      const log = createRecordingLog()
      const error = await openPostgresql(url, schema, log).then(() => null, (error: Error & { code?: string }) => error)
      t.match(error, { code: 'database_unfit', message: reason }, url)
      t.match(error?.message, /check user, password, database and rights/)
      t.notMatch(`${error?.message} ${log.text()}`, /secret/)
    }
  }
)

onServer(t, 'a server that only reads fails the probe as away', async (t, { open, url, schema, sql }) => {
  await open()
  await sql(`create role ${schema} superuser login`)
  await sql(`alter role ${schema} set default_transaction_read_only = on`)
  t.teardown(async () => await sql(`drop role ${schema}`))
  const database = await openPostgresql(url.replace('postgres@', `${schema}@`), schema, createRecordingLog())
  t.teardown(async () => await database.close())
  const error: unknown = await database.probe().catch((error: unknown) => error)
  t.ok(isAway(error), String(error))
  t.ok(await database.nowMs() > 0, 'what only reads is answered')
})

onServer(t, 'options in the URL are used, and do not replace the schema', async (t, { url, schema, sql: ask }) => {
  const database = await openPostgresql(`${url}?options=-c%20work_mem%3D5MB`, schema, createRecordingLog())
  t.teardown(async () => await database.close())
  await database.probe()
  const { rows } = await sql<{ value: string }>`select current_setting('work_mem') as value`.execute(database.queries)
  t.same(rows, [{ value: '5MB' }])
  t.equal((await ask(`select value from ${schema}.states`)).length, 1)
})

onServer(t, 'an end leaves no connection', async (t, { open, sql }) => {
  const connections = async (): Promise<number> =>
    (await sql("select pid from pg_stat_activity where application_name = 'album-release-ingest'")).length
  const before = await connections()
  const databases = [await openListening(open), await openListening(open)]
  await Promise.all(
    databases.map(async (database) => await Promise.all(Array.from({ length: 5 }, async () => await database.nowMs())))
  )
  t.ok(await connections() > before)
  for (const database of databases) await database.close()
  await until(async () => await connections() <= before)
})

async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const givesUpAtMs = performance.now() + 20_000; !await holds();) {
    if (performance.now() > givesUpAtMs) throw new Error('it does not come to that')
    await delay(10)
  }
}

import t from 'tap'
import { isAway, isDamaged, isFull, reasonOf } from '../../../src/services/database/failure.ts'

const withCode = (code: string, message = 'refused'): Error => Object.assign(new Error(message), { code })
const ofSqlite = (errcode: number): Error => Object.assign(new Error('refused'), { code: 'ERR_SQLITE_ERROR', errcode })

type Verdict = 'away' | 'full' | 'damaged'

/** Sources: PostgreSQL, appendix A; https://sqlite.org/rescode.html */
const TABLE: Array<[title: string, error: unknown, verdicts: Verdict[]]> = [
  ['connection_failure', withCode('08006'), ['away']],
  ['admin_shutdown', withCode('57P01'), ['away']],
  ['cannot_connect_now, as while it starts', withCode('57P03'), ['away']],
  ['query_canceled, as by statement_timeout', withCode('57014'), ['away']],
  ['too_many_connections', withCode('53300'), ['away']],
  ['disk_full', withCode('53100'), ['away', 'full']],
  ['read_only_sql_transaction, as of a standby', withCode('25006'), ['away']],
  ['idle_in_transaction_session_timeout', withCode('25P03'), ['away']],
  ['nobody listens', withCode('ECONNREFUSED'), ['away']],
  ['nobody listens on any address', new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]), ['away']],
  ['the connection was reset', withCode('ECONNRESET'), ['away']],
  ['the name is unknown now', withCode('EAI_AGAIN'), ['away']],
  ['node-postgres: the connection ended', new Error('Connection terminated unexpectedly'), ['away']],
  ['node-postgres: no connection in time', new Error('timeout exceeded when trying to connect'), ['away']],
  ['node-postgres: no answer in time', new Error('Query read timeout'), ['away']],
  [
    'node-postgres: the connection has failed before',
    new Error('Client has encountered a connection error and is not queryable'),
    ['away'],
  ],
  ['invalid_password', withCode('28P01'), []],
  ['no such database', withCode('3D000'), []],
  ['insufficient_privilege', withCode('42501'), []],
  ['unique_violation', withCode('23505'), []],
  ['undefined_table', withCode('42P01'), []],
  ['a code that only begins like one', withCode('080066'), []],
  ['several errors, none of the connection', new AggregateError([withCode('28P01')]), []],
  ['no space on the disk', withCode('ENOSPC'), ['full']],
  ['the quota is used up', withCode('EDQUOT'), ['full']],
  ['SQLITE_FULL', ofSqlite(13), ['full']],
  ['SQLITE_CORRUPT', ofSqlite(11), ['damaged']],
  ['SQLITE_CORRUPT_INDEX', ofSqlite(11 | 3 << 8), ['damaged']],
  ['SQLITE_NOTADB', ofSqlite(26), ['damaged']],
  ['data_corrupted', withCode('XX001'), ['damaged']],
  ['index_corrupted', withCode('XX002'), ['damaged']],
  ['SQLITE_BUSY', ofSqlite(5), []],
  ['SQLITE_CONSTRAINT_UNIQUE', ofSqlite(19 | 8 << 8), []],
  ['another error', new Error('Connection refused by a riddle'), []],
  ['no error', 'ECONNREFUSED', []],
  ['nothing', undefined, []],
]

for (const [title, error, verdicts] of TABLE) {
  t.test(`${title}: ${verdicts.join(' and ') || 'none of these'}`, async (t) => {
    const is = { away: isAway(error), full: isFull(error), damaged: isDamaged(error) }
    t.same(Object.entries(is).filter(([, holds]) => holds).map(([verdict]) => verdict), verdicts)
  })
}

const REASONS: Array<[error: unknown, reason: string]> = [
  [new Error('Connection terminated unexpectedly'), 'Connection terminated unexpectedly'],
  [
    new AggregateError([
      withCode('ECONNREFUSED', 'connect ECONNREFUSED ::1:5432'),
      withCode('ECONNREFUSED', 'the second'),
    ]),
    'connect ECONNREFUSED ::1:5432',
  ],
  [new AggregateError([]), 'AggregateError'],
  [withCode('ENOTFOUND', ''), 'ENOTFOUND'],
  [new Error(''), 'Error'],
  ['a text', 'a text'],
]

t.test('a reason is the first thing that the error can say', async (t) => {
  for (const [error, reason] of REASONS) t.equal(reasonOf(error), reason)
})

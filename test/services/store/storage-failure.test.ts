import t from 'tap'
import { storageDetail, storageErrno, storageFailed } from '../../../src/services/store/storage-failure.ts'

const withCode = (code: string): Error => Object.assign(new Error(`${code}: open '/secret/path'`), { code })

const ofSqlite = (errcode: number): Error => Object.assign(new Error('refused'), { code: 'ERR_SQLITE_ERROR', errcode })

const ADVICE: Array<[code: string, names: RegExp, notNamed: RegExp]> = [
  ['ENOSPC', /disk is full: make room in DATA_DIR/, /ulimit/],
  ['EDQUOT', /quota.*make room in DATA_DIR/, /ulimit/],
  ['EROFS', /read-only/, /make room/],
  ['EACCES', /owner or mode/, /make room/],
  ['EMFILE', /limit of open files \(ulimit -n/, /DATA_DIR|make room/],
  ['ENFILE', /limit of open files \(fs\.file-max/, /DATA_DIR|make room/],
  ['ENAMETOOLONG', /shorter DATA_DIR/, /make room/],
  ['EIO', /disk of DATA_DIR fails/, /make room/],
]

t.test('what the system refuses is said with what it is about and what to do', async (t) => {
  for (const [code, names, notNamed] of ADVICE) {
    const detail = storageDetail('the run could not be stored', withCode(code))
    t.match(detail, new RegExp(`^the run could not be stored \\(${code}\\): `))
    t.match(detail, names)
    t.notMatch(detail, notNamed)
    t.notMatch(detail, /secret/)
    t.equal(storageErrno(withCode(code)), code)
  }
})

/** Extended codes of SQLite are told by their primary one. */
const OF_DATABASES: Array<[error: Error, code: string, names: RegExp]> = [
  [ofSqlite(5), 'SQLITE_BUSY', /keep backups and other programs away/],
  [ofSqlite(8 | 4 << 8), 'SQLITE_READONLY', /let the service write in DATA_DIR/],
  [ofSqlite(10 | 9 << 8), 'SQLITE_IOERR', /disk of DATA_DIR fails/],
  [ofSqlite(11), 'SQLITE_CORRUPT', /restore it from a backup/],
  [ofSqlite(13), 'SQLITE_FULL', /disk is full: make room in DATA_DIR/],
  [ofSqlite(14), 'SQLITE_CANTOPEN', /service\.db cannot be opened/],
  [ofSqlite(26), 'SQLITE_NOTADB', /is no database/],
  [
    Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' }),
    'ECONNREFUSED',
    /PostgreSQL does not answer/,
  ],
  [
    new AggregateError([Object.assign(new Error('connect ECONNREFUSED ::1:5432'), { code: 'ECONNREFUSED' })], ''),
    'ECONNREFUSED',
    /check DATABASE_URL/,
  ],
  [
    Object.assign(new Error('getaddrinfo EAI_AGAIN db.internal'), { code: 'EAI_AGAIN' }),
    'EAI_AGAIN',
    /resumes by itself/,
  ],
  [
    Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
    'terminating connection due to administrator command',
    /PostgreSQL/,
  ],
]

t.test('what a database refuses is said likewise, without its address', async (t) => {
  for (const [error, code, names] of OF_DATABASES) {
    const detail = storageDetail('the run could not be stored', error)
    t.ok(detail.startsWith(`the run could not be stored (${code}): `), detail)
    t.match(detail, names)
    t.notMatch(detail, /5432|internal/)
    t.equal(storageErrno(error), code)
  }
})

t.test('what is not about files has no such code', async (t) => {
  for (
    const error of [
      new Error('x'),
      withCode('EPROTO'),
      withCode('constructor'),
      ofSqlite(1),
      ofSqlite(19),
      null,
      'ENOSPC',
    ]
  ) t.equal(storageErrno(error), null)
  const cause = new Error('x')
  t.match(storageFailed('it could not be stored', cause), {
    code: 'storage_failed',
    message: /^it could not be stored: make room in DATA_DIR/,
    cause,
  })
})

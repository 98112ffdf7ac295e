import t from 'tap'
import { storageDetail, storageErrno, storageFailed } from '../../../src/services/store/storage-failure.ts'

const withCode = (code: string): Error => Object.assign(new Error(`${code}: open '/secret/path'`), { code })

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

t.test('what is not about files has no such code', async (t) => {
  for (const error of [new Error('x'), withCode('ECONNRESET'), withCode('constructor'), null, 'ENOSPC']) t.equal(storageErrno(error), null)
  const cause = new Error('x')
  t.match(storageFailed('it could not be stored', cause), { code: 'storage_failed', message: /^it could not be stored: make room in DATA_DIR/, cause })
})

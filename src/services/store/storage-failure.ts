import { ServiceError } from '../../errors.ts'
import { isAway, isFull, reasonOf } from '../database/failure.ts'
import { FILE_LIMIT_ADVICE } from '../open-files.ts'

const MAKE_ROOM = 'make room in DATA_DIR'
const LET_WRITE = 'let the service write in DATA_DIR'

/** What is wrong, and what to do, by the system's code: names the object, since the code alone is no help. */
const ADVICE: Record<string, string> = {
  ENOSPC: `the disk is full: ${MAKE_ROOM}`,
  EDQUOT: `the quota of the disk is spent: ${MAKE_ROOM}, or raise the quota`,
  EFBIG: 'the file is larger than this system allows: raise the file size limit (ulimit -f), or ask for fewer albums',
  EROFS: 'the file system is read-only: mount it so that the service can write, or set another DATA_DIR',
  EACCES: `its owner or mode forbids it: ${LET_WRITE}`,
  EPERM: `its owner or mode forbids it: ${LET_WRITE}`,
  ...FILE_LIMIT_ADVICE,
  ENAMETOOLONG: 'the path is longer than the file system takes: set a shorter DATA_DIR',
  ENOENT: 'it is gone: let DATA_DIR be, or restore it, and start the service again if it stays so',
  ENOTDIR: 'a file stands where a folder must be: move it away from DATA_DIR',
  ELOOP: 'its symbolic links lead in a circle: set DATA_DIR to a real folder',
  EIO: 'the disk of DATA_DIR fails: look at its health, and restore DATA_DIR elsewhere if it is damaged',
  ESTALE: 'the network volume of DATA_DIR was exported again: mount it again',
  ENODEV: 'the volume of DATA_DIR is gone: mount it again',
  ENOTSUP: 'the file system of DATA_DIR lacks what is needed: put DATA_DIR on another one',
  EBUSY: 'another program holds the file: keep backups and scanners away from DATA_DIR',
}

/** The same for SQLite's primary result codes. Source: https://sqlite.org/rescode.html */
const SQLITE_ADVICE: Record<number, [name: string, advice: string]> = {
  5: ['SQLITE_BUSY', 'another process keeps service.db locked: keep backups and other programs away from DATA_DIR'],
  8: ['SQLITE_READONLY', `service.db may not be written: ${LET_WRITE}`],
  10: ['SQLITE_IOERR', 'the disk of DATA_DIR fails, or its files are gone: look at its health, and restore DATA_DIR'],
  11: ['SQLITE_CORRUPT', 'service.db is damaged: restore it from a backup, or move it away to begin without any run'],
  13: ['SQLITE_FULL', `the disk is full: ${MAKE_ROOM}`],
  14: ['SQLITE_CANTOPEN', `service.db cannot be opened: ${LET_WRITE}`],
  26: [
    'SQLITE_NOTADB', 'service.db is no database: restore it from a backup, or move it away to begin without any run'
  ],
}

/** The system's words have the address of the database with it, which clients need not know. */
const SYSTEM_CODE = /\bE[A-Z_]{3,}\b/
const AWAY_ADVICE = 'PostgreSQL does not answer: work resumes by itself when it is back; if it stays away, check ' +
  'DATABASE_URL, its connections and its disk'
const FULL_ADVICE = 'the disk of PostgreSQL is full: make room on it; work resumes by itself'

/** The code of an error about storage, and what to do; null where it is about something else. */
function adviceOn (error: unknown): [code: string, advice: string] | null {
  if (!(error instanceof Error)) return null
  if ('errcode' in error) return SQLITE_ADVICE[Number(error.errcode) & 0xff] ?? null
  const code = 'code' in error ? String(error.code) : ''
  const advice = Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined
  if (advice !== undefined) return [code, advice]
  if (isAway(error) && isFull(error)) return ['ENOSPC', FULL_ADVICE]
  return isAway(error) ? [SYSTEM_CODE.exec(reasonOf(error))?.[0] ?? reasonOf(error), AWAY_ADVICE] : null
}

/** Which file it is about, where the system says so. */
function pathOf (error: unknown): string {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? `, ${error.path}` : ''
}

/** The code of an error about storage; null where it is about something else. */
export function storageErrno (error: unknown): string | null {
  return adviceOn(error)?.[0] ?? null
}

/** One sentence: `what` happened, the system's code, and what to do. */
export function storageDetail (what: string, error: unknown): string {
  const known = adviceOn(error)
  return known === null
    ? `${what}: ${MAKE_ROOM} and ${LET_WRITE.replace('in DATA_DIR', 'there')}`
    : `${what} (${known[0]}${pathOf(error)}): ${known[1]}`
}

/** The error of whatever could not be stored or read. */
export function storageFailed (what: string, cause: unknown): ServiceError {
  return new ServiceError('storage_failed', storageDetail(what, cause), { cause })
}

/** The error of a document that is not what its run says. */
export function documentDamaged (cause?: unknown): ServiceError {
  return new ServiceError(
    'storage_failed', "the run's document in DATA_DIR is gone or damaged: restore it, or start a new run", { cause }
  )
}

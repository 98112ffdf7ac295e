import { ServiceError } from '../../errors.ts'
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

/** The system's code of an error about files; null where it is about something else. */
export function storageErrno (error: unknown): string | null {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return null
  return Object.hasOwn(ADVICE, error.code) ? error.code : null
}

/** One sentence: `what` happened, the system's code, and what to do. */
export function storageDetail (what: string, error: unknown): string {
  const errno = storageErrno(error)
  return errno === null ? `${what}: ${MAKE_ROOM} and ${LET_WRITE.replace('in DATA_DIR', 'there')}` : `${what} (${errno}): ${ADVICE[errno]}`
}

/** The error of whatever could not be stored or read. */
export function storageFailed (what: string, cause: unknown): ServiceError {
  return new ServiceError('storage_failed', storageDetail(what, cause), { cause })
}

import { link, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ServiceError } from '../../errors.ts'
import { asideOf, writeWhole } from './atomic-write.ts'
import { hasErrno, isMissing } from './errno.ts'

export type Link = typeof link

/** Some desktop and network file systems have no second name for a file. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/**
 * Give a finished file a name that nobody has taken: of all processes and machines that try at once, one succeeds.
 * False: the name was taken. Where the file system has no links, that holds within this process only: see `checkShareable`.
 */
export async function placeExclusively (from: string, to: string, linkFile: Link = link): Promise<boolean> {
  try {
    await linkFile(from, to)
    return true
  } catch (error) {
    if (await isSameFile(from, to)) return true // it was done, and the answer was lost on the network
    if (hasErrno(error, 'EEXIST')) return false
    if (hasErrno(error, ...NO_LINKS)) return await renameInTurn(from, to)
    throw error
  }
}

/** Throws `data_dir_unfit` where processes cannot share the folder: `placeExclusively` would not hold between them. */
export async function checkShareable (folder: string, linkFile: Link = link): Promise<void> {
  if (await supportsLinks(folder, linkFile)) return
  throw new ServiceError('data_dir_unfit', `the file system of DATA_DIR ${folder} has no hard links, so that replicas cannot share it: use NFS, CephFS or a local disk, or run a single process without REDIS_URL`)
}

async function supportsLinks (folder: string, linkFile: Link = link): Promise<boolean> {
  const [from, to] = [asideOf(join(folder, '.probe')), asideOf(join(folder, '.probe'))]
  try {
    await writeWhole(from, '', false)
    await linkFile(from, to)
    return true
  } catch (error) {
    if (hasErrno(error, ...NO_LINKS)) return false
    throw error
  } finally {
    await Promise.allSettled([rm(from, { force: true }), rm(to, { force: true })])
  }
}

let turn: Promise<unknown> = Promise.resolve()

/** The lock on DATA_DIR keeps other processes out, so that looking first is safe where it is done one at a time. */
async function renameInTurn (from: string, to: string): Promise<boolean> {
  const mine = turn.then(async () => {
    if (await identityOf(to) !== null) return false
    await rename(from, to)
    return true
  })
  turn = mine.catch(() => {})
  return await mine
}

async function isSameFile (one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([identityOf(one), identityOf(other)])
  return a !== null && a === b
}

/** Tells files apart, whatever their names; null: there is none. */
export async function identityOf (path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

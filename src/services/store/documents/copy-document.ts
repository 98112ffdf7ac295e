import { constants } from 'node:fs'
import { copyFile, link, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { StoredFile } from '../../../schemas/run.ts'
import { hasErrno } from '../errno.ts'
import { asideOf } from './durable-file.ts'
import { hashOf } from './files.ts'

/**
 * Copies a document into a folder and returns the copy's path. It replaces nothing: a file of the same name and content
 * is the copy, beside another one (the document of the same run before it was resumed) the copy is named `…-2.json`,
 * `…-3.json`.
 */
export async function copyDocument (path: string, folder: string, { name, sha256 }: StoredFile): Promise<string> {
  const aside = asideOf(join(folder, name))
  try {
    await copyFile(path, aside, constants.COPYFILE_EXCL)
    for (let number = 1; ; number++) {
      const target = resolve(folder, number === 1 ? name : name.replace(/\.json$/, `-${number}.json`))
      if (await takesName(aside, target) || await hashOf(target) === sha256) return target
    }
  } finally {
    await rm(aside, { force: true })
  }
}

/** Some desktop and network file systems have no second name for a file. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/** Gives a file a second name that nothing has; false: something has it. */
export async function takesName (from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch(async (error: unknown) => {
      if (!hasErrno(error, ...NO_LINKS)) throw error
      await copyFile(from, to, constants.COPYFILE_EXCL)
    })
    return true
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false
    throw error
  }
}

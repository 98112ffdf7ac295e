import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../errno.ts'
import { documentOfTable } from './table-files.ts'

const DAY_MS = 24 * 3_600_000
const NAMES_TOGETHER = 200

/** Deletes the files of which `isNamed` knows no run, and which are older than a day; so it does with empty folders. */
export async function sweepDocuments (
  documentsDir: string, isNamed: (names: string[]) => Promise<Set<string>>, nowMs: number
): Promise<void> {
  for await (const folder of dayFolders(documentsDir)) {
    const entries = await readdir(folder)
    const names = entries.filter((name) => documentOf(name) !== '')
    for (let first = 0; first < names.length; first += NAMES_TOGETHER) {
      const some = names.slice(first, first + NAMES_TOGETHER)
      const named = await isNamed([...new Set(some.map(documentOf))])
      for (const name of some) {
        if (!named.has(documentOf(name)) || name.endsWith('.tmp')) await removeIfOld(join(folder, name), nowMs)
      }
    }
    if (entries.length === 0) await removeIfOld(folder, nowMs)
  }
}

async function * dayFolders (folder: string, depth = 0): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const path = join(folder, entry.name)
    if (depth === 2) yield path
    else yield * dayFolders(path, depth + 1)
  }
}

/** The document that a file is, or is a copy, a stage or a table of; empty: it is none of ours. */
function documentOf (name: string): string {
  return /^album_items_[^.]+\.json(?=\.|$)/.exec(name)?.[0] ?? documentOfTable(name)
}

/** A folder is removed only if it is empty: somebody may be about to write into a young one. */
async function removeIfOld (path: string, nowMs: number): Promise<void> {
  const stats = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (stats === null || nowMs - stats.mtimeMs <= DAY_MS) return
  if (stats.isDirectory()) await rmdir(path).catch(() => {})
  else await rm(path, { force: true })
}

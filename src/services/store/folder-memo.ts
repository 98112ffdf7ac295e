import { stat } from 'node:fs/promises'

/** What was made of a folder, and whether it may be given again while the folder stays as it is. */
export interface Made<T> {
  value: T
  isKept: boolean
}

/**
 * What was read out of folders that hardly ever change, in memory as long as nothing in them changes.
 *
 * Whatever process or machine creates, renames or removes a name in a folder, the folder's times of change say so, and one `stat`
 * tells. Two changes within one tick of the file system's clock look the same, though: so nothing is kept of a folder before it has
 * been seen unchanged for longer than any tick, on this process's own clock. What is read then was there before that read, and
 * a change after it gets another time. Where times say nothing, as on some desktop file systems, `forget` does it for the
 * changes of this process, and no other process may use such a folder.
 */
export interface FolderMemo<T> {
  /** What `make` made of the folder as it is now, or makes of it, told whether its answer can be kept. */
  recall: (folder: string, make: (isSettled: boolean) => Promise<Made<T>>) => Promise<T>
  /** What is kept, as of the last `recall`. */
  peek: (folder: string) => T | undefined
  /** This process has changed the folder: also what is being read at this moment is not kept. */
  forget: (folder: string) => void
}

export interface FolderMemoOptions {
  /** Folders; those asked for longest ago go first. */
  most: number
  /** In milliseconds, like `performance.now()`. */
  monotonic: () => number
}

/** The coarsest clock of a file system with hard links ticks once a second. */
const SETTLED_MS = 2000

interface Entry<T> {
  stamp: Stamp
  /** Since when the folder is known to have had this stamp. */
  sinceMs: number
  made: Made<T> | null
}

export function createFolderMemo<T> ({ most, monotonic }: FolderMemoOptions): FolderMemo<T> {
  const entries = new Map<string, Entry<T>>()
  let changes = 0

  function note (folder: string, entry: Entry<T>): void {
    entries.delete(folder)
    entries.set(folder, entry)
    for (const [oldest] of entries) {
      if (entries.size <= most) return
      entries.delete(oldest)
    }
  }

  return {
    async recall (folder, make) {
      const [startedMs, changesBefore] = [monotonic(), changes]
      const stamp = await stampOf(folder)
      const seen = entries.get(folder)
      const known = stamp !== null && seen !== undefined && isSame(seen.stamp, stamp) ? seen : null
      if (known?.made != null) {
        note(folder, known)
        return known.made.value
      }
      const isSettled = known !== null && startedMs - known.sinceMs >= SETTLED_MS
      const made = await make(isSettled)
      if (changes !== changesBefore || stamp === null || !made.isKept) entries.delete(folder)
      else note(folder, { stamp, sinceMs: known?.sinceMs ?? startedMs, made: isSettled ? made : null })
      return made.value
    },

    peek: (folder) => entries.get(folder)?.made?.value,

    forget (folder) {
      changes++
      entries.delete(folder)
    },
  }
}

/** Also two folders of one name have different ones. */
interface Stamp {
  dev: number
  ino: number
  mtimeMs: number
  ctimeMs: number
}

async function stampOf (folder: string): Promise<Stamp | null> {
  return await stat(folder).then(({ dev, ino, mtimeMs, ctimeMs }) => ({ dev, ino, mtimeMs, ctimeMs }), () => null)
}

function isSame (one: Stamp, other: Stamp): boolean {
  return one.mtimeMs === other.mtimeMs && one.ctimeMs === other.ctimeMs && one.ino === other.ino && one.dev === other.dev
}

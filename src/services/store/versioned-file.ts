import { readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { asideOf, syncFolder, writeWhole } from './atomic-write.ts'
import { isMissing } from './errno.ts'
import { identityOf, placeExclusively } from './exclusive.ts'

/** A state of a file that several processes change: `{name}.{number}.json`. The highest number counts, and no state is ever changed. */
export interface Version {
  number: number
  text: string
}

/** So many states stay. A number is free again only when it is so far behind that whoever still wants it can see that it is late. */
const KEPT = 16
const MOST_LOOKS = 100

/** The state that counts; null: there is none, nor perhaps the folder. */
export async function readVersion (folder: string, name: string): Promise<Version | null> {
  for (let look = 1; ; look++) {
    const number = await newestVersion(folder, name)
    if (number === 0) return null
    try {
      return { number, text: await readFile(pathOf(folder, name, number), 'utf8') }
    } catch (error) {
      if (!isMissing(error) || look === MOST_LOOKS) throw error // else it was replaced since: look again
    }
  }
}

/** The number of the state that counts; 0: there is none. */
export async function newestVersion (folder: string, name: string): Promise<number> {
  try {
    return versionsAmong(await readdir(folder), name).at(-1) ?? 0
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}

/**
 * Replace the state of that number (0: none) by another one, whole and, if wanted, durable. Of all that try at once one
 * succeeds; false: it was replaced by somebody else, or the folder is gone. Nothing is placed before it was looked
 * once more that the number still counts, in the folder in which the new state lies already: a folder that was
 * removed and made anew in the meantime is no mistake.
 */
export async function replaceVersion (folder: string, name: string, number: number, text: string, isDurable = true): Promise<boolean> {
  const aside = asideOf(join(folder, name))
  try {
    await writeWhole(aside, text, isDurable)
    return await newestVersion(folder, name) === number && await placeVersion(folder, name, number + 1, aside, isDurable)
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  } finally {
    await rm(aside, { force: true }).catch(() => {})
  }
}

/**
 * Give a finished file the name of a version. Who was frozen may take a number here that was given away and removed long ago:
 * then there is a number at least `KEPT` higher, or whoever has that one has removed this one again. What lies between is
 * no reason for doubt: it was made from this state.
 */
export async function placeVersion (folder: string, name: string, number: number, aside: string, isDurable = true): Promise<boolean> {
  const path = pathOf(folder, name, number)
  const identity = await identityOf(aside)
  if (!await placeExclusively(aside, path)) return false
  const numbers = versionsAmong(await readdir(folder), name)
  const isLate = numbers.some((other) => other >= number + KEPT)
  if (isLate || await identityOf(path) !== identity) {
    if (isLate) await rm(path, { force: true })
    return false
  }
  if (isDurable) await syncFolder(folder)
  for (const old of numbers.filter((other) => other <= number - KEPT)) await rm(pathOf(folder, name, old), { force: true }).catch(() => {})
  return true
}

/** In ascending order: a list is made while others write, and the proof above wants the oldest removed first. */
function versionsAmong (names: string[], name: string): number[] {
  return names.flatMap((entry) => {
    const digits = entry.startsWith(`${name}.`) && entry.endsWith('.json') ? entry.slice(name.length + 1, -'.json'.length) : ''
    return /^[1-9]\d{0,14}$/.test(digits) ? [Number(digits)] : []
  }).sort((a, b) => a - b)
}

function pathOf (folder: string, name: string, number: number): string {
  return join(folder, `${name}.${number}.json`)
}

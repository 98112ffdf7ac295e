import { execFile } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { temporaryFolder } from './service.ts'

const run = promisify(execFile)

/** A file system of its own, or null (and a skipped test) where this process may not mount one. */
export async function smallDisk (t: Test, size: string): Promise<string | null> {
  const folder = await temporaryFolder(t)
  return await mounted(t, ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], folder) ? folder : null
}

export async function mounted (t: Test, args: string[], folder: string): Promise<boolean> {
  try {
    await run('mount', args)
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    t.comment('skipped: this user may not mount a file system')
    return false
  }
  t.teardown(async () => await run('umount', ['--lazy', folder]))
  return true
}

/** Takes all the room that a disk has left, by a file `ballast`. */
export async function fill (folder: string): Promise<void> {
  const file = await open(join(folder, 'ballast'), 'w')
  const piece = Buffer.alloc(4096, 'x')
  for (let isFull = false; !isFull;) {
    isFull = await file.write(piece).then(
      ({ bytesWritten }) => bytesWritten < piece.length,
      () => true
    )
  }
  await file.close()
  await readFile(join(folder, 'ballast'))
}

import { execFile } from 'node:child_process'
import { readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { temporaryFolder } from './service.ts'

const run = promisify(execFile)

/** A disk whose power can be cut. */
export interface CuttableDisk {
  folder: string
  /** Cuts the power: what was not synced is lost, and each further use of the disk fails with EIO. */
  cut: () => Promise<void>
  /** Mounts it again with what had reached it. */
  powerUp: () => Promise<void>
}

/**
 * EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: the file system ends as by a power cut, as xfstests does it.
 * Source: fs/ext4/ext4.h of Linux
 */
const SHUT_DOWN = 'open(D, "<", $ARGV[0]) or die $!; my $flags = pack("L", 2); ioctl(D, 0x8004587d, $flags) or die $!'

/**
 * Makes an ext4 of its own in a file. null, and a comment with the reason, where this process may not mount one; also
 * with CI=true, since containers have no loop devices.
 */
export async function cuttableDisk (t: Test, megabytes: number): Promise<CuttableDisk | null> {
  const images = await temporaryFolder(t)
  const folder = await temporaryFolder(t)
  let cuts = 0
  const image = (): string => join(images, String(cuts))
  const mount = async (): Promise<unknown> => await run('mount', ['-o', 'loop', image(), folder])
  const unmount = async (): Promise<unknown> => await run('umount', ['--lazy', folder])
  try {
    await writeFile(image(), '')
    await truncate(image(), megabytes * 1024 * 1024)
    await run('mkfs.ext4', ['-q', '-F', image()])
    await mount()
  } catch (error) {
    t.comment(`skipped: no file system whose power can be cut (${error instanceof Error ? error.message : ''})`)
    return null
  }
  t.teardown(async () => await unmount().catch(() => {}))
  return {
    folder,
    cut: async () => { await run('perl', ['-e', SHUT_DOWN, folder]) },
    /** A copy, since another mount namespace may still have the old file system mounted. */
    async powerUp () {
      await unmount()
      const before = image()
      cuts++
      await run('cp', ['--sparse=always', before, image()])
      await rm(before)
      await mount()
    },
  }
}

/**
 * Stops a process, and waits until none of its threads is in a system call: a sync that is under way when the power is
 * cut may succeed, and yet have done nothing.
 */
export async function standStill (pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  for (const signal = AbortSignal.timeout(20_000); ; await delay(5, undefined, { signal })) {
    const threads = await readdir(`/proc/${pid}/task`)
    const states = await Promise.all(threads.map(async (thread) => {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
    }))
    if (states.every((state) => state === 'T')) return
  }
}

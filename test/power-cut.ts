import { execFile } from 'node:child_process'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Test } from 'tap'
import { temporaryFolder } from './service.ts'

const run = promisify(execFile)

/** A disk whose power can be cut. */
export interface CuttableDisk {
  folder: string
  /** From now on nothing reaches the disk, and what was not synced never did. Whoever uses it fails with EIO. */
  cut: () => Promise<void>
  /** Mounts it again with what had reached it; nobody may have a file of it open. */
  powerUp: () => Promise<void>
}

/**
 * EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: the file system ends as by a power cut.
 * Source: https://www.kernel.org/doc/html/latest/filesystems/ext4/, as xfstests does it
 */
const SHUT_DOWN = 'open(D, "<", $ARGV[0]) or die $!; my $flags = pack("L", 2); ioctl(D, 0x8004587d, $flags) or die $!'

/**
 * Makes an ext4 of its own in a file. null, and a comment with the reason, where this process may not mount one. Not
 * required with CI=true: containers have no loop devices.
 */
export async function cuttableDisk (t: Test, megabytes: number): Promise<CuttableDisk | null> {
  const image = join(await temporaryFolder(t), 'image')
  const folder = await temporaryFolder(t)
  const mount = async (): Promise<unknown> => await run('mount', ['-o', 'loop', image, folder])
  const unmount = async (...options: string[]): Promise<unknown> => await run('umount', [...options, folder])
  try {
    await writeFile(image, '')
    await truncate(image, megabytes * 1024 * 1024)
    await run('mkfs.ext4', ['-q', '-F', image])
    await mount()
  } catch (error) {
    t.comment(`skipped: no file system whose power can be cut (${error instanceof Error ? error.message : ''})`)
    return null
  }
  t.teardown(async () => await unmount('--lazy').catch(() => {}))
  return {
    folder,
    cut: async () => { await run('perl', ['-e', SHUT_DOWN, folder]) },
    async powerUp () {
      for (let tries = 0; ; tries++) {
        try {
          await unmount()
          break
        } catch (error) {
          if (tries > 100) throw error
          await delay(50)
        }
      }
      await mount()
    },
  }
}

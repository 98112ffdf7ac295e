import { link, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from './atomic-write.ts'

/** Which run an idempotency key belongs to. */
export interface Claim {
  id: string
  /** The request as one text: another one must not use the key. */
  request: string
  claimedAtMs: number
}

export interface KeyStore {
  readClaim: (keyHash: string) => Promise<Claim | null>
  /** The claim of the key: the given one, unless there is one that is not older than `validSinceMs`. Durable when it resolves. */
  claimKey: (keyHash: string, claim: Claim, validSinceMs: number) => Promise<Claim>
  removeClaim: (keyHash: string) => Promise<void>
  removeClaimsBefore: (timeMs: number) => Promise<void>
}

/** One small file for each key, made by linking a whole one into place: of two that claim at once, one wins, and both know which. */
export async function createKeyStore (dataDir: string): Promise<KeyStore> {
  const folder = join(dataDir, 'keys')
  await mkdir(folder, { recursive: true })
  const pathOf = (keyHash: string): string => join(folder, `${keyHash}.json`)
  let writes = 0

  async function readClaim (keyHash: string): Promise<Claim | null> {
    try {
      return JSON.parse(await readFile(pathOf(keyHash), 'utf8')) as Claim
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null
      throw error
    }
  }

  async function write (keyHash: string, claim: Claim, place: (from: string, to: string) => Promise<void>): Promise<void> {
    const aside = `${pathOf(keyHash)}.${process.pid}-${++writes}.tmp`
    const file = await open(aside, 'w')
    try {
      await file.writeFile(JSON.stringify(claim))
      await file.sync()
      await place(aside, pathOf(keyHash))
    } finally {
      await file.close()
      await rm(aside, { force: true })
    }
    await syncFolder(folder)
  }

  return {
    readClaim,

    async claimKey (keyHash, claim, validSinceMs) {
      const before = await readClaim(keyHash)
      if (before !== null && before.claimedAtMs >= validSinceMs) return before
      try {
        await write(keyHash, claim, before === null ? link : rename)
        return claim
      } catch (error) {
        const winner = hasErrno(error, 'EEXIST') ? await readClaim(keyHash) : null
        if (winner === null) throw error
        return winner
      }
    },

    async removeClaim (keyHash) {
      await rm(pathOf(keyHash), { force: true })
    },

    async removeClaimsBefore (timeMs) {
      for (const name of await readdir(folder)) {
        const path = join(folder, name)
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }))
        if (mtimeMs < timeMs) await rm(path, { force: true })
      }
    },
  }
}

function hasErrno (error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Log } from '../log.ts'
import { asideOf, syncFolder } from './atomic-write.ts'
import { hasErrno, isMissing } from './errno.ts'
import { readVersion, replaceVersion } from './versioned-file.ts'

/** Which run an idempotency key, or a request, belongs to. */
export interface Claim {
  /** null: the run was deleted. */
  id: string | null
  /** The request as one text: another one must not use the key. */
  request: string
  claimedAtMs: number
}

export type Claimed = Claim & { id: string }

/** Claims to names: of all processes that claim one at once, one gets it, and all know which. */
export interface Claims {
  read: (name: string) => Promise<Claim | null>
  /** The claim of the name: the one that there is, if it is valid, or else the given one; before it is made, `check` may throw. */
  claim: (name: string, claim: Claimed, isValid: (claim: Claimed) => boolean | Promise<boolean>, check?: () => void) => Promise<Claimed>
  /** From now on the name is nobody's, if it was that run's. */
  release: (name: string, id: string) => Promise<void>
}

export interface KeyStore {
  /** By idempotency key. Durable. */
  keys: Claims
  /** By request: which of the runs that go on has it. A power cut may lose it, and costs a second run at most. */
  requests: Claims
  /** Delete the claims that were made before that time, except those of requests whose run goes on. */
  removeClaimsBefore: (timeMs: number, active: ReadonlySet<string>) => Promise<void>
}

export async function createKeyStore (dataDir: string, log: Log): Promise<KeyStore> {
  const keys = await createClaims(join(dataDir, 'keys'), true, log)
  const requests = await createClaims(join(dataDir, 'requests'), false, log)
  return {
    keys,
    requests,
    async removeClaimsBefore (timeMs, active) {
      await keys.removeIf(timeMs, ({ claimedAtMs }) => claimedAtMs < timeMs)
      await requests.removeIf(timeMs, ({ id, claimedAtMs }) => claimedAtMs < timeMs && !(id !== null && active.has(id)))
    },
  }
}

const CLAIM = 'claim'
const DELETED = '.deleted-'

interface RemovableClaims extends Claims {
  removeIf: (untouchedSinceMs: number, isOver: (claim: Claim) => boolean) => Promise<void>
}

/** A folder for each name, with the versions of its claim. */
async function createClaims (folder: string, isDurable: boolean, log: Log): Promise<RemovableClaims> {
  await mkdir(folder, { recursive: true })

  /** Names may be long, and may hold anything. */
  function folderOf (name: string): string {
    return join(folder, createHash('sha256').update(name).digest('hex'))
  }

  async function readIn (path: string, isStrict = isDurable): Promise<{ number: number, claim: Claim | null }> {
    const version = await readVersion(path, CLAIM)
    return version === null ? { number: 0, claim: null } : { number: version.number, claim: parseClaim(version.text, isStrict) }
  }

  async function replace (path: string, number: number, claim: Claim): Promise<boolean> {
    const isNew = await makeFolder(path)
    if (!await replaceVersion(path, CLAIM, number, JSON.stringify(claim), isDurable)) return false
    if (isNew && isDurable) await syncFolder(folder)
    return true
  }

  return {
    read: async (name) => (await readIn(folderOf(name))).claim,

    async claim (name, claim, isValid, check) {
      const path = folderOf(name)
      for (;;) {
        const { number, claim: before } = await readIn(path)
        if (isClaimed(before) && await isValid(before)) return before
        check?.()
        if (await replace(path, number, claim)) return claim
      }
    },

    async release (name, id) {
      const path = folderOf(name)
      for (;;) {
        const { number, claim } = await readIn(path)
        if (claim === null || claim.id !== id || await replace(path, number, { ...claim, id: null })) return
      }
    },

    /** Of each folder only the age is looked at, until it is old enough to be read. A damaged claim is as old as its folder. */
    async removeIf (untouchedSinceMs, isOver) {
      const isOld = async (path: string): Promise<boolean> => await stat(path).then(({ mtimeMs }) => mtimeMs < untouchedSinceMs, () => false)

      async function removeIfOver (name: string): Promise<void> {
        const path = join(folder, name)
        if (name.startsWith(DELETED)) return await rm(path, { recursive: true, force: true })
        if (!await isOld(path)) return
        const { claim } = await readIn(path, false)
        if (claim === null || isOver(claim)) await removeFolder(path, asideOf(join(folder, `${DELETED}${name}`)), isOld)
      }

      for (const name of await readdir(folder)) {
        await removeIfOver(name).catch((error: unknown) => log.warn({ err: error, folder, name }, 'this claim is old, and cannot be read or deleted'))
      }
    },
  }
}

/** First out of everybody's reach; if somebody wrote there at that moment, back again. */
async function removeFolder (path: string, deleted: string, isOld: (path: string) => Promise<boolean>): Promise<void> {
  try {
    await rename(path, deleted)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  const isBack = !await isOld(deleted) && await rename(deleted, path).then(() => true, () => false)
  if (!isBack) await rm(deleted, { recursive: true, force: true })
}

/** False: it was there. */
async function makeFolder (path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false
    throw error
  }
}

function isClaimed (claim: Claim | null): claim is Claimed {
  return claim !== null && claim.id !== null
}

/** After a power cut a claim that was not synced may be empty: then it is none. */
function parseClaim (text: string, isStrict: boolean): Claim | null {
  try {
    return JSON.parse(text) as Claim
  } catch (error) {
    if (isStrict) throw error
    return null
  }
}

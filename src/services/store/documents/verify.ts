import { stat } from 'node:fs/promises'
import { hashOf } from './files.ts'

/**
 * Checks files against the SHA-256 of their content. A file that was found right is not read again until it changes.
 */
export interface Verifier {
  /** Whether the file has that content; with `isGzip`, once it is unpacked. */
  isRight: (path: string, sha256: string, isGzip?: boolean) => Promise<boolean>
  /** Whether it was found right, and has not changed since. */
  isKnown: (path: string, sha256: string) => Promise<boolean>
}

const MAX_KNOWN = 5000

export function createVerifier (): Verifier {
  const known = new Map<string, string>()
  const checking = new Map<string, Promise<boolean>>()

  async function check (path: string, sha256: string, isGzip: boolean): Promise<boolean> {
    const before = await identityOf(path)
    if (before === null) return false
    const mark = `${before} ${sha256} ${isGzip}`
    if (known.get(path) === mark) return true
    const isRight = await hashOf(path, isGzip) === sha256
    if (isRight) {
      if (known.size >= MAX_KNOWN) known.clear()
      known.set(path, mark)
    }
    return isRight
  }

  return {
    isKnown: async (path, sha256) => known.get(path)?.startsWith(`${await identityOf(path)} ${sha256} `) === true,

    async isRight (path, sha256, isGzip = false) {
      const name = `${sha256} ${isGzip} ${path}`
      const checked = checking.get(name) ?? check(path, sha256, isGzip).finally(() => checking.delete(name))
      checking.set(name, checked)
      return await checked
    },
  }
}

/** Returns what changes when a file is written or replaced; null if there is no such file. */
async function identityOf (path: string): Promise<string | null> {
  return await stat(path, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }) => `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, () => null
  )
}

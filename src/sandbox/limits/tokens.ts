import { randomBytes } from 'node:crypto'

export interface Tokens {
  /** Issues a token that is valid for `lifetimeS` seconds. */
  issue (lifetimeS: number): string
  /** Counts a call with the token; false if the token is unknown, expired or has served all its calls. */
  serve (token: string): boolean
  /** Revokes all tokens. */
  revoke (): void
}

/** Creates the tokens. `maxCalls` returns the number of calls that a token serves; null is no limit. */
export function createTokens (now: () => number, maxCalls: () => number | null): Tokens {
  const issued = new Map<string, { untilMs: number, calls: number }>()
  return {
    issue (lifetimeS) {
      for (const [token, { untilMs }] of issued) if (untilMs <= now()) issued.delete(token)
      const token = `BQ${randomBytes(96).toString('base64url')}`
      issued.set(token, { untilMs: now() + lifetimeS * 1000, calls: 0 })
      return token
    },
    serve (token) {
      const entry = issued.get(token)
      if (entry === undefined || entry.untilMs <= now()) return false
      entry.calls += 1
      return entry.calls <= (maxCalls() ?? Infinity)
    },
    revoke () { issued.clear() },
  }
}

import { randomBytes } from 'node:crypto'

export interface Tokens {
  /** A new token that is good for `lifetimeS` seconds. */
  issue (lifetimeS: number): string
  isValid (token: string): boolean
}

export function createTokens (now: () => number): Tokens {
  const expiry = new Map<string, number>()
  return {
    issue (lifetimeS) {
      for (const [token, untilMs] of expiry) if (untilMs <= now()) expiry.delete(token)
      const token = `BQ${randomBytes(96).toString('base64url')}`
      expiry.set(token, now() + lifetimeS * 1000)
      return token
    },
    isValid: (token) => (expiry.get(token) ?? 0) > now(),
  }
}

/** Shares the event loop between conversions. */
export interface Turns {
  /**
   * Resolves when `conversion` may compute: immediately while its turn lasts, else after all that wait have had theirs.
   */
  take: (conversion: object) => Promise<void> | undefined
}

/**
 * A turn, in milliseconds. Between two turns the event loop serves everything else, so that this is about what a health
 * probe waits for each of the two or three steps that answer it.
 */
const TURN_MS = 5

interface TurnsOptions {
  /** In milliseconds, never going back. */
  now?: () => number
  /** Runs a function after the event loop has served what else is ready. */
  defer?: (run: () => void) => void
}

/** Creates a round of turns: at each pass of the event loop one conversion computes, for at most a turn. */
export function createTurns ({ now = () => performance.now(), defer = setImmediate }: TurnsOptions = {}): Turns {
  const waiting: Array<{ conversion: object, resume: () => void }> = []
  let current: object | null = null
  let startedAtMs = 0
  let isDeferred = false

  function grantNext (): void {
    isDeferred = false
    const next = waiting.shift()
    if (next === undefined) return
    current = next.conversion
    startedAtMs = now()
    deferGrant()
    next.resume()
  }

  function deferGrant (): void {
    if (isDeferred || waiting.length === 0) return
    isDeferred = true
    defer(grantNext)
  }

  return {
    take (conversion) {
      if (conversion === current && now() - startedAtMs < TURN_MS) return undefined
      return new Promise((resolve) => {
        waiting.push({ conversion, resume: resolve })
        deferGrant()
      })
    },
  }
}

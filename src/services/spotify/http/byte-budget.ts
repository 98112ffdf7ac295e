import { abortable } from '../../abortable.ts'

/** Bytes that all holders together may have at a time; those that wait are served in their order. */
export interface ByteBudget {
  /** Resolves when so many bytes are free, and takes them. Throws the signal's reason. */
  take: (bytes: number, signal: AbortSignal) => Promise<void>
  give: (bytes: number) => void
  /** Bytes that are taken. */
  used: () => number
}

export function createByteBudget (total: number): ByteBudget {
  const waiting: Array<{ bytes: number, start: () => void }> = []
  let used = 0

  function startNext (): void {
    for (let next; (next = waiting[0]) !== undefined && used + next.bytes <= total;) {
      waiting.shift()
      used += next.bytes
      next.start()
    }
  }

  return {
    async take (bytes, signal) {
      signal.throwIfAborted()
      if (waiting.length === 0 && used + bytes <= total) {
        used += bytes
        return
      }
      const { promise: started, resolve: start } = Promise.withResolvers<void>()
      const entry = { bytes, start }
      waiting.push(entry)
      startNext()
      try {
        await abortable(started, signal)
      } catch (error) {
        const place = waiting.indexOf(entry)
        if (place === -1) used -= bytes
        else waiting.splice(place, 1)
        startNext()
        throw error
      }
    },
    give (bytes) {
      used -= bytes
      startNext()
    },
    used: () => used,
  }
}

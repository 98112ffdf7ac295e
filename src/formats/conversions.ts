import { type ClientLock, type LockLimits, createClientLock } from './client-lock.ts'
import { createTurns } from './turns.ts'

/** One conversion of a document that may begin. */
export interface Conversion {
  /** Yields the same albums, each when it is this conversion's turn. */
  inTurns: <Album>(albums: AsyncIterable<Album>) => AsyncGenerator<Album>
  /** Lets the next conversion of the client begin; may be called more than once. */
  end: () => void
}

/** Keeps conversions, which compute, out of the way of each other and of everything else. */
export interface Conversions {
  /**
   * Resolves when the client has no other conversion that goes on. Throws `too_many_requests`, or the signal's reason.
   */
  begin: (client: string, signal: AbortSignal) => Promise<Conversion>
}

/** A wait ends before the minute after which proxies give up. */
const LIMITS: LockLimits = { maxWaiting: 100, maxWaitMs: 45_000, stalledMs: 250 }

/** Creates the conversions of a process: one per client at a time, and turns that go round between clients. */
export function createConversions (limits: LockLimits = LIMITS): Conversions {
  const turns = createTurns()
  const locks = new Map<string, ClientLock>()

  return {
    async begin (client, signal) {
      const lock = locks.get(client) ?? createClientLock(limits)
      locks.set(client, lock)
      const lease = await lock.acquire(signal)
      const conversion: Conversion = {
        async * inTurns (albums) {
          for await (const album of albums) {
            await lease.renew()
            await turns.take(conversion)
            lease.idle()
            yield album
          }
        },
        end () {
          lease.release()
          if (lock.isFree() && locks.get(client) === lock) locks.delete(client)
        },
      }
      return conversion
    },
  }
}

import { type ClientLine, type LineLimits, createClientLine } from './client-line.ts'
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
const LIMITS: LineLimits = { maxWaiting: 100, maxWaitMs: 45_000, stalledMs: 250 }

/** Creates the conversions of a process: one per client at a time, and turns that go round between clients. */
export function createConversions (limits: LineLimits = LIMITS): Conversions {
  const turns = createTurns()
  const lines = new Map<string, ClientLine>()

  return {
    async begin (client, signal) {
      const line = lines.get(client) ?? createClientLine(limits)
      lines.set(client, line)
      const place = await line.join(signal)
      const conversion: Conversion = {
        async * inTurns (albums) {
          for await (const album of albums) {
            await place.hold()
            await turns.take(conversion)
            place.rest()
            yield album
          }
        },
        end () {
          place.leave()
          if (line.isEmpty() && lines.get(client) === line) lines.delete(client)
        },
      }
      return conversion
    },
  }
}

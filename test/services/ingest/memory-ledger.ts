import type { StoredEvent } from '../../../src/services/ingest/ledger.ts'
import type { LedgerStore } from '../../../src/services/store/ledger-store.ts'

/** A ledger store in a variable, its events in reach. */
export function createMemoryLedger (): LedgerStore<StoredEvent> & {
  events: Array<{ event: StoredEvent, body: string | null }>
} {
  const events: Array<{ event: StoredEvent, body: string | null }> = []
  const refOf = (seq: number) => {
    const body = events[seq - 1]?.body
    return body == null ? null : { execution: 1, seq, length: body.length }
  }
  return {
    events,
    lastExecution: 0,
    async append (event, body) {
      events.push({ event: structuredClone(event), body: body ?? null })
      return refOf(events.length)
    },
    async * replay () {
      for (const [place, { event }] of events.entries()) yield { event: structuredClone(event), body: refOf(place + 1) }
    },
    readBody: async ({ seq }) => events[seq - 1]?.body ?? '',
    async close () {},
  }
}

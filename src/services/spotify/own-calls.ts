import { type PlaceNews } from './redis-scripts.ts'
import { type Place } from './window.ts'

interface OwnCall {
  place: Place
  state: 'open' | 'unmade' | { endedAtMs: number, answered: boolean }
  /** The state that Redis was told of. */
  told: OwnCall['state'] | null
}

/** The calls of this process that occupy places in Redis, and what Redis has not been told of them yet. */
export function createOwnCalls (windowMs: number, monotonic: () => number) {
  const calls = new Map<string, OwnCall>()

  function forget (): void {
    const expired = monotonic() - windowMs
    for (const [id, { state, told }] of calls) {
      if (state === told && (state === 'unmade' || (state !== 'open' && state.endedAtMs < expired))) calls.delete(id)
    }
  }

  function change (id: string, state: OwnCall['state']): void {
    const call = calls.get(id)
    if (call !== undefined) call.state = state
  }

  return {
    /** A place that Redis gave. */
    add (place: Place): void { calls.set(place.id, { place, state: 'open', told: 'open' }) },
    /** A place that Redis may have given without our hearing of it: it is to be free again. */
    addUnmade (place: Place): void { calls.set(place.id, { place, state: 'unmade', told: null }) },
    end (id: string, answered: boolean): void { change(id, { endedAtMs: monotonic(), answered }) },
    giveBack (id: string): void { change(id, 'unmade') },
    /** Tell Redis all that it does not know. */
    async tell (send: (news: PlaceNews[]) => Promise<void>): Promise<void> {
      forget()
      const untold = [...calls.values()].filter(({ state, told }) => state !== told).map((call) => ({ call, state: call.state }))
      if (untold.length === 0) return
      await send(untold.map(({ call: { place }, state }) => ({
        ...place,
        news: typeof state === 'string' ? state : { endedAgoMs: monotonic() - state.endedAtMs, answered: state.answered },
      })))
      for (const { call, state } of untold) call.told = state
    },
    /** Redis may have lost what it was told. */
    tellAgain (): void {
      for (const call of calls.values()) call.told = null
    },
    /** When those that still matter ended, on the monotonic clock; those under way end now. */
    endings (): number[] {
      return [...calls.values()].flatMap(({ state }) => state === 'unmade' ? [] : [state === 'open' ? monotonic() : state.endedAtMs])
    },
  }
}

import { type Log } from '../log.ts'
import { type PacerStore, type Window } from './window.ts'

/**
 * Stores what has to outlive the process: until when Spotify has paused us, and the calls. A process may be killed at
 * any moment, so that what is stored counts every call before it is made: while calls are under way, some in advance,
 * since a write for each would be slow.
 */
export interface StateSaver {
  /** So many places were taken. Resolves as soon as the stored state counts them. */
  began: (calls: number) => Promise<void>
  /** A call has ended, or was not made after all: this is stored within a second. */
  ended: () => void
  /** The state as it is now, stored. Never throws: what could not be stored is told in the log. */
  save: () => Promise<void>
  /** Save for the last time. */
  close: () => Promise<void>
}

interface StateSaverOptions {
  window: Pick<Window, 'snapshot' | 'advance'>
  store: PacerStore
  log: Log
}

const SOON_MS = 1000

export function createStateSaver ({ window, store, log }: StateSaverOptions): StateSaver {
  let saving = Promise.resolve()
  /** A save that has not begun: it will hold what is asked for now too. */
  let nextSave: Promise<void> | null = null
  let timer: NodeJS.Timeout | null = null
  let closed = false
  let underWay = 0
  let begun = 0
  /** Calls that the stored state counts in advance and that have not begun. */
  let left = 0

  function save (): Promise<void> {
    nextSave ??= saving = saving.then(async () => {
      nextSave = null
      await saveNow()
    })
    return nextSave
  }

  /** Whether it is the old state or the new one that a kill leaves, it counts each call that has begun meanwhile. */
  async function saveNow (): Promise<void> {
    const advance = underWay > 0 && !closed ? window.advance : 0
    const begunBefore = begun
    left = Math.min(left, advance)
    try {
      const { state } = await window.snapshot()
      await store.save({ ...state, open: (state.open ?? 0) + advance })
    } catch (error) {
      log.error({ err: error }, 'the pause and the count of calls could not be stored')
    }
    left = advance - (begun - begunBefore)
  }

  function saveSoon (): void {
    if (closed) return
    timer ??= setTimeout(() => {
      timer = null
      void save()
    }, SOON_MS).unref()
  }

  return {
    async began (calls) {
      const isCounted = calls <= left
      underWay += calls
      begun += calls
      left -= calls
      if (!isCounted) await save()
    },
    ended () {
      underWay--
      saveSoon()
    },
    save,
    async close () {
      closed = true
      if (timer !== null) clearTimeout(timer)
      timer = null
      await save()
    },
  }
}

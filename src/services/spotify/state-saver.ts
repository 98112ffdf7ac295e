import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type PacerStore, type Window } from './window.ts'

/** Stores what has to outlive the process: until when Spotify has paused us, and the count of calls. */
export interface StateSaver {
  /** The state as it is now, stored. Never throws: what could not be stored is told in the log. */
  save: () => Promise<void>
  /** The state, stored within a second. */
  saveSoon: () => void
  /** How long ago the last save began, in milliseconds. */
  ageMs: () => number
  /** Save for the last time. */
  close: () => Promise<void>
}

interface StateSaverOptions {
  window: Pick<Window, 'snapshot'>
  store: PacerStore
  clock: Clock
  log: Log
}

const SOON_MS = 1000

export function createStateSaver ({ window, store, clock, log }: StateSaverOptions): StateSaver {
  let saving = Promise.resolve()
  /** A save that has not begun: it will hold what is asked for now too. */
  let nextSave: Promise<void> | null = null
  let savedAtMs = -Infinity
  let timer: NodeJS.Timeout | null = null
  let closed = false

  function save (): Promise<void> {
    nextSave ??= saving = saving.then(async () => {
      nextSave = null
      savedAtMs = clock.monotonic()
      await store.save((await window.snapshot()).state)
    }).catch((error: unknown) => {
      log.error({ err: error }, 'the pause and the count of calls could not be stored')
    })
    return nextSave
  }

  return {
    save,
    saveSoon () {
      if (closed) return
      timer ??= setTimeout(() => {
        timer = null
        void save()
      }, SOON_MS).unref()
    },
    ageMs: () => clock.monotonic() - savedAtMs,
    async close () {
      closed = true
      if (timer !== null) clearTimeout(timer)
      timer = null
      await save()
    },
  }
}

import { type Run } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { createEndings } from './endings.ts'
import { type Roster, type RunListener, createHolding, createWatchers, tellQueued, untilEnded } from './roster.ts'
import { hasEnded } from './transitions.ts'

/** What the processes tell each other. Messages may get lost: the store is the truth. */
export type RosterMessage = { kind: 'run', run: Run } | { kind: 'cancel', id: string }

export interface Bus {
  /** Tell the other processes. */
  publish: (message: RosterMessage) => void
  /** Called with what the others tell. */
  subscribe: (listener: (message: RosterMessage) => void) => void
}

interface SharedRosterOptions {
  bus: Bus
  /** The run as it is stored. */
  read: (id: string) => Promise<Run | null>
  clock: Clock
}

const TICK_MS = 250
/** Who executes a run says so at least as often, though nothing has changed. */
const HEARTBEAT_EVERY_MS = 1000
/** What was heard counts for so long: a run of which nothing is heard is asked of the store. */
const HEARD_MS = 2000
const POLL_EVERY_MS = 1000

interface Known {
  run: Run
  heardAtMs: number
}

/**
 * The roster of several processes on one store: each tells the others what it does with runs, at once where the
 * status or what it waits for changes, else at most four times a second. What is watched and not heard of is looked up in the store.
 */
export function createSharedRoster ({ bus, read, clock }: SharedRosterOptions): Roster {
  const known = new Map<string, Known>()
  const endings = createEndings(clock.monotonic)
  const held = createHolding()
  const watchers = createWatchers()
  /** What the others were told last of a run, and when. */
  const told = new Map<string, { run: Run, atMs: number }>()
  const polled = new Map<string, number>()
  const ticking = setInterval(tick, TICK_MS).unref()

  bus.subscribe((message) => {
    switch (message.kind) {
      case 'cancel': return held.requestCancel(message.id)
      case 'run': return held.has(message.run.id) ? undefined : learn(message.run)
    }
  })

  function learn (run: Run, heardAtMs = clock.monotonic()): void {
    const before = known.get(run.id)?.run
    if (hasEnded(run)) known.delete(run.id)
    else known.set(run.id, { run, heardAtMs })
    endings.note(run)
    watchers.tell(run)
    if (before?.status !== run.status) tellQueued(runs(), run, watchers.tell)
  }

  function runs (): Run[] {
    return [...known.values()].map(({ run }) => run)
  }

  function tell (run: Run): void {
    bus.publish({ kind: 'run', run })
    if (held.has(run.id)) told.set(run.id, { run, atMs: clock.monotonic() })
  }

  function tick (): void {
    const now = clock.monotonic()
    for (const id of held.ids()) {
      const run = known.get(id)?.run
      const last = told.get(id)
      if (run !== undefined && (last?.run !== run || now - last.atMs >= HEARTBEAT_EVERY_MS)) tell(run)
    }
    for (const id of watchers.ids()) {
      if (!isHeard(id) && now - (polled.get(id) ?? -Infinity) >= POLL_EVERY_MS) poll(id)
    }
  }

  function isHeard (id: string): boolean {
    return held.has(id) || clock.monotonic() - (known.get(id)?.heardAtMs ?? -Infinity) < HEARD_MS
  }

  /** Tells the watchers what the store knows, unless something is heard in the meantime. */
  function poll (id: string): void {
    polled.set(id, clock.monotonic())
    read(id).then((run) => {
      if (run === null || isHeard(id)) return
      const before = known.get(id)?.run
      if (JSON.stringify(before) !== JSON.stringify(run)) learn(run, -Infinity)
    }, () => {})
  }

  function watch (id: string, listener: RunListener): () => void {
    const unwatch = watchers.watch(id, listener)
    return () => {
      unwatch()
      polled.delete(id)
    }
  }

  return {
    note (run) {
      const before = known.get(run.id)?.run
      learn(run)
      if (!held.has(run.id) || before?.status !== run.status || before.waiting?.for !== run.waiting?.for) tell(run)
    },

    reconcile (pending, sinceMs) {
      const stored = new Set(pending.map(({ id }) => id))
      for (const [id, { heardAtMs }] of known) {
        if (!stored.has(id) && heardAtMs < sinceMs && !held.has(id)) known.delete(id)
      }
      for (const run of endings.without(pending, sinceMs)) if (!known.has(run.id)) known.set(run.id, { run, heardAtMs: -Infinity })
    },

    get: (id) => isHeard(id) ? known.get(id)?.run : undefined,
    active: runs,

    watch,

    async waitForEnd (id, ms, signal) {
      if (!isHeard(id)) poll(id)
      await untilEnded({ id, ms, signal, clock, watch })
    },

    hold (id, cancel) {
      const release = held.hold(id, cancel)
      return () => {
        release()
        told.delete(id)
      }
    },

    requestCancel (id) {
      if (held.has(id)) held.requestCancel(id)
      else bus.publish({ kind: 'cancel', id })
    },

    close () {
      clearInterval(ticking)
    },
  }
}

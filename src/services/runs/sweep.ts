import { type Run } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { type Log } from '../log.ts'
import { type KeyStore } from '../store/key-store.ts'
import { type RunStore } from '../store/run-store.ts'
import { KEY_LIFETIME_MS } from './accept.ts'
import { createJumpGuard } from './jump-guard.ts'
import { retentionStartMs } from './retention.ts'
import { type Roster } from './roster.ts'

interface SweepOptions {
  store: Pick<RunStore, 'pending' | 'removeEndedBefore'>
  keys: Pick<KeyStore, 'removeClaimsBefore'>
  roster: Pick<Roster, 'reconcile'>
  clock: Clock
  log: Log
  retentionDays: number
  deliver: (run: Run) => Promise<void>
}

/** What brings the queue and the roster in line with the store, and deletes what is too old. */
export interface Sweep {
  /** Know the runs that have not ended. */
  load: () => Promise<Run[]>
  /** Sweep now, and every minute from now on. */
  start: () => Promise<void>
  /** Sweep as soon as the one under way is over, if sweeps have been started. */
  soon: () => void
  stop: () => void
}

const SWEEP_EVERY_MS = 60_000

export function createSweep ({ store, keys, roster, clock, log, retentionDays, deliver }: SweepOptions): Sweep {
  const mayDelete = createJumpGuard(clock)
  let timer: NodeJS.Timeout | null = null
  let sweeping: Promise<void> = Promise.resolve()
  let isWanted = false

  async function load (): Promise<Run[]> {
    const sinceMs = clock.monotonic()
    const runs = (await store.pending()).map(({ run }) => run)
    roster.reconcile(runs, sinceMs)
    return runs
  }

  async function sweep (): Promise<void> {
    const runs = await load()
    for (const run of runs) await deliver(run)
    if (!mayDelete()) return
    await keys.removeClaimsBefore(clock.now() - KEY_LIFETIME_MS, new Set(runs.map(({ id }) => id)))
    const removed = await store.removeEndedBefore(retentionStartMs(clock.now(), retentionDays))
    if (removed.length > 0) log.info({ removed }, 'runs older than RETENTION_DAYS deleted')
  }

  /** One at a time. */
  async function inTurn (): Promise<void> {
    const mine = sweeping.then(sweep)
    sweeping = mine.catch(() => {})
    await mine
  }

  /** Of those that are wanted before their turn one is enough. */
  function soon (): void {
    if (timer === null || isWanted) return
    isWanted = true
    sweeping = sweeping.then(() => { isWanted = false })
    inTurn().catch((error: unknown) => log.error({ err: error }, 'the sweep for forgotten runs failed'))
  }

  return {
    load,
    soon,
    async start () {
      if (timer !== null) clearInterval(timer)
      timer = setInterval(soon, SWEEP_EVERY_MS).unref()
      await inTurn()
    },
    stop () {
      if (timer !== null) clearInterval(timer)
      timer = null
    },
  }
}

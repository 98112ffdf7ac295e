import { PauseError, ServiceError, hasCode } from '../../errors.ts'
import { type Run, type RunFailure } from '../../schemas/run.ts'
import { type Clock } from '../clock.ts'
import { conclude } from '../ingest/conclude.ts'
import { documentText } from '../ingest/document.ts'
import { type Failure } from '../ingest/fetch.ts'
import { type IngestOptions, ingest, inspect } from '../ingest/ingest.ts'
import { type Ledger, type Part, openLedger } from '../ingest/ledger.ts'
import { type Log } from '../log.ts'
import { type Delivery } from '../queue/run-queue.ts'
import { type RunRecord, type RunStore } from '../store/run-store.ts'
import { type Snapshot, begin, documentName, ended, finish, hasEnded, pause } from './transitions.ts'

export interface ExecuteOptions {
  store: RunStore
  clock: Clock
  log: Log
  ingest: IngestOptions
  /** The run as it is now, after each step. */
  onChange: (run: Run) => void
}

/** How soon a run is tried again whose record cannot even say that storing failed. */
const STORAGE_RETRY_MS = 60_000

/**
 * One execution of a run, from where its checkpoint stands to its end, a pause, or an abort: one for `canceled`
 * ends the run with what it has; any other throws the signal's reason and leaves the run to the next execution.
 */
export async function execute (id: string, signal: AbortSignal, options: ExecuteOptions): Promise<Delivery> {
  const { store, clock, log, onChange } = options
  try {
    return await executeOnce(id, signal, options)
  } catch (error) {
    signal.throwIfAborted()
    log.error({ err: error, runId: id }, 'the run cannot be stored: it is tried again in a minute')
    const record = await store.read(id)
    const untilMs = clock.now() + STORAGE_RETRY_MS
    if (record !== null) onChange(pause(record, record.run, { ...failureOf(error), detail: `${failureOf(error).detail}; it is tried again by itself` }, untilMs).run)
    return { kind: 'postponed', untilMs }
  }
}

async function executeOnce (id: string, signal: AbortSignal, options: ExecuteOptions): Promise<Delivery> {
  const { store, clock, onChange } = options
  const record = await store.update(id, (before) => begin(before, clock.now()))
  const { run } = record
  if (hasEnded(run)) {
    onChange(run)
    return { kind: 'done' }
  }
  const log = options.log.child({ runId: id })
  log.info({ execution: record.executions, request: run.request }, 'run started')
  onChange(run)
  const checkpoint = await store.openCheckpoint<Part>(id)
  try {
    const ledger: Ledger = await openLedger(checkpoint, run.request.limit, () => onChange({ ...run, ...snapshotOf(ledger) }))
    if (record.resumptions > ledger.resumption) await ledger.record({ kind: 'resumed', resumption: record.resumptions })
    const outcome = await attempt(run, ledger, signal, options.ingest)
    if (outcome.kind === 'paused') return await pauseRun(id, ledger, outcome.pause, { ...options, log })
    return await finishRun(record, ledger, outcome, { ...options, log })
  } finally {
    await checkpoint.close()
  }
}

type Outcome =
  | { kind: 'over', error: RunFailure | null, failures: ReadonlyMap<string, Failure> }
  | { kind: 'paused', pause: PauseError }

/** Where the errors of the pipeline stop and become what the run shows. */
async function attempt ({ request }: Run, ledger: Ledger, signal: AbortSignal, options: IngestOptions): Promise<Outcome> {
  try {
    return { kind: 'over', ...await ingest(request, ledger, signal, options) }
  } catch (error) {
    if (hasCode(signal.reason, 'canceled')) return { kind: 'over', error: failureOf(signal.reason), failures: new Map() }
    signal.throwIfAborted()
    if (error instanceof PauseError) return { kind: 'paused', pause: error }
    return { kind: 'over', error: failureOf(error), failures: new Map() }
  }
}

async function pauseRun (id: string, ledger: Ledger, { code, message, resumeAtMs }: PauseError, { store, onChange, log }: ExecuteOptions): Promise<Delivery> {
  const { run } = await store.update(id, (before) => pause(before, snapshotOf(ledger), { code, detail: message }, resumeAtMs))
  log.warn({ resumeAt: run.resumeAt, code }, 'run paused')
  onChange(run)
  return { kind: 'postponed', untilMs: resumeAtMs }
}

/** Check, write, and only then say that the run has ended. */
async function finishRun ({ run }: RunRecord, ledger: Ledger, outcome: Outcome & { kind: 'over' }, options: ExecuteOptions): Promise<Delivery> {
  const { store, clock, onChange, log } = options
  const { albums, gaps } = inspect(run.request, ledger, options.ingest.spotify, outcome.failures)
  const snapshot = snapshotOf(ledger)
  const { albumsFetched: fetched } = snapshot.progress
  const conclusion = conclude({ listed: albums.length, fetched, gaps, error: outcome.error })
  let final = ended(run, snapshot, gaps, conclusion, clock.now())
  let file: Run['file'] = null
  try {
    if (fetched > 0) file = await store.publish(run.id, documentName(run), documentText(final, albums, ledger))
  } catch (error) {
    log.error({ err: error }, 'the document could not be written')
    final = ended(run, snapshot, gaps, conclude({ listed: albums.length, fetched, gaps, error: failureOf(error) }), clock.now())
  }
  const after = await store.update(run.id, (before) => finish(before, final, file))
  if (after.run.complete === true) await store.removeCheckpoint(run.id)
  const { status, error, progress, cost } = after.run
  log.info({ status, error, progress, cost, gaps: gaps.length, file: file?.name }, 'run ended')
  onChange(after.run)
  return { kind: 'done' }
}

function snapshotOf (ledger: Ledger): Snapshot {
  return { source: ledger.source, progress: ledger.progress(), cost: ledger.cost }
}

function failureOf (error: unknown): RunFailure {
  if (error instanceof ServiceError) return { code: error.code, detail: error.message }
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  if (code !== null) return { code: 'storage_failed', detail: `the run's files could not be written (${code}): make room in DATA_DIR and let the service write there; a failed run can then be resumed` }
  return { code: 'internal_error', detail: 'the service failed at something unexpected: its log has the details' }
}

import { type PauseError, hasCode } from '../../errors.ts'
import type { Run } from '../../schemas/run.ts'
import type { Clock } from '../clock.ts'
import { documentText } from '../ingest/document.ts'
import { failureOf } from '../ingest/failures.ts'
import { type IngestOptions, ingest } from '../ingest/ingest.ts'
import { type Ledger, type StoredEvent, openLedger } from '../ingest/ledger.ts'
import { type Conclusion, type Outcome, outcomeOf } from '../ingest/outcome.ts'
import type { Log } from '../log.ts'
import type { Findings } from '../quality/inspection.ts'
import { createObserver } from '../quality/observe.ts'
import type { Judgement, Quality } from '../quality/quality.ts'
import type { Delivery } from '../queue/run-queue.ts'
import { type DocumentReleases, createReleaseCollector } from '../releases/collector.ts'
import type { Queries } from '../database/database.ts'
import { isAway } from '../database/failure.ts'
import type { DocumentStore } from '../store/documents/document-store.ts'
import type { LedgerStore } from '../store/ledger-store.ts'
import { hasEnded, type RunRecord } from '../run-record.ts'
import type { RunStore } from '../store/run-store.ts'
import type { TimelineStore } from '../store/timeline-store.ts'
import { type HeartbeatOptions, startHeartbeat } from './heartbeat.ts'
import { type RunTimeline, openRunTimeline, queuedMsOf } from './run-timeline.ts'
import { reportStandstill, toWaiting } from './standstill.ts'
import { type Snapshot, begin, documentName, ended, finish, pause, paused } from './transitions.ts'

export interface ExecuteOptions extends Pick<HeartbeatOptions, 'onChange' | 'onBegin' | 'abort'> {
  store: Pick<RunStore, 'begin' | 'update' | 'read' | 'beat'>
  documents: Pick<DocumentStore, 'stage' | 'discardStaged' | 'publish'>
  quality: Pick<Quality, 'judge' | 'save'>
  timelines: Pick<TimelineStore, 'read' | 'save'>
  /** What the execution sees of the run's ledger, and appends to it. */
  openLedgerStore: (id: string, execution: number) => Promise<LedgerStore<StoredEvent>>
  removeLedger: (id: string) => Promise<void>
  /** Records which releases the run's document is the first to have; `known` are those of the document, or null. */
  recordReleases: (id: string, known: DocumentReleases | null) => Promise<void>
  clock: Clock
  log: Log
  ingest: Omit<IngestOptions, 'log'>
  /** Whether this process resumes a paused run when its time has come; else somebody has to ask for it. */
  resumesPaused: boolean
}

/** After so many executions in a row that were interrupted without progress, the run itself ends the process. */
export const MAX_FRUITLESS = 20
/** How soon a run is tried again whose record cannot even say that storing failed. */
const STORAGE_RETRY_MS = 60_000
/** The same while the database is away: the first question then waits for it. */
const AWAY_RETRY_MS = 1000

/**
 * One execution of a run, from where its ledger stands to its end, a pause, or an abort: one for `canceled`
 * ends the run with what it has; any other throws the signal's reason and leaves the run to the next execution.
 * Where a later execution has begun, this one has nothing more to say: its delivery is done, whatever became of it.
 */
export async function execute (id: string, signal: AbortSignal, options: ExecuteOptions): Promise<Delivery> {
  const { store, clock, onChange } = options
  let execution: number | null = null
  try {
    let queuedMs = 0
    const begun = await store.begin(id, (before) => {
      queuedMs = queuedMsOf(before, clock.now())
      return begin(before, clock.now())
    })
    switch (begun.kind) {
      case 'owned': return { kind: 'done' }
      case 'ended':
        onChange(begun.record.run)
        return { kind: 'done' }
      case 'begun':
        execution = begun.record.executions
        return await executeOnce(begun.record, signal, {
          ...options,
          log: options.log.child({ runId: id, execution }),
          timeline: await openRunTimeline(begun.record, queuedMs, options),
        })
    }
  } catch (error) {
    if (!hasCode(signal.reason, 'canceled')) signal.throwIfAborted()
    return await tryLater(id, execution, error, options)
  }
}

/** The record itself may have been what could not be written: the run is only shown as paused. */
async function tryLater (
  id: string, execution: number | null, error: unknown, { store, clock, log, onChange, resumesPaused }: ExecuteOptions
): Promise<Delivery> {
  const stored = await store.read(id)
  if (stored === null) return { kind: 'done' }
  const { run, executions } = stored.record
  if (hasEnded(run) || (execution !== null && execution !== executions)) {
    onChange(run)
    return { kind: 'done' }
  }
  log.error({ err: error, runId: id }, 'run cannot be stored; retrying')
  const untilMs = clock.now() + (isAway(error) ? AWAY_RETRY_MS : STORAGE_RETRY_MS)
  const { code, detail } = failureOf(error)
  onChange(
    paused(run, run, { code, detail: resumesPaused ? `${detail}; it is tried again by itself` : detail }, untilMs)
  )
  return { kind: 'postponed', untilMs }
}

/** With what is opened once an execution has begun. */
interface OnceOptions extends ExecuteOptions {
  timeline: RunTimeline
}

async function executeOnce (record: RunRecord, signal: AbortSignal, options: OnceOptions): Promise<Delivery> {
  const { run, executions: execution } = record
  options.log.info({ request: run.request }, 'run started')
  const heartbeat = startHeartbeat(record, options)
  try {
    options.onChange(run)
    if (execution > 1) await options.documents.discardStaged(documentName(run), execution - 1)
    const work = await workOn(record, signal, { ...options, onChange: heartbeat.show })
    await heartbeat.stop()
    return work.kind === 'paused' ? await pauseRun(record, work, options) : await finishRun(record, work, options)
  } catch (error) {
    if (signal.aborted) await heartbeat.beat()
    throw error
  } finally {
    await heartbeat.stop()
  }
}

/** How far this execution came; a document is staged, and the ledger store closed again. */
type Work =
  | { kind: 'paused', snapshot: Snapshot, pause: PauseError }
  | { kind: 'over' } & Ended

/** The run as it will be, with what is staged of it. */
interface Ended {
  final: Run
  file: Run['file']
  /** null: there is no document, or it was not inspected. */
  judgement: Judgement | null
  /** null: there is no document, or its releases have to be read from it. */
  releases: DocumentReleases | null
}

async function workOn (record: RunRecord, signal: AbortSignal, options: OnceOptions): Promise<Work> {
  const { run, executions, resumptions } = record
  const stored = await options.openLedgerStore(run.id, executions)
  try {
    if (executions - stored.lastExecution > MAX_FRUITLESS) return await giveUpUnread(record, stored, options)
    const { clock, onChange, timeline } = options
    const ledger: Ledger = await openLedger(
      stored, { limit: run.request.limit, monotonic: clock.monotonic, onChange: () => onChange(look()) }
    )
    const look = (): Run => ({ ...run, ...snapshotOf(ledger), waiting: toWaiting(ledger.cost.standstill()) })
    if (resumptions > ledger.resumption) await ledger.record({ kind: 'resumed', resumption: resumptions })
    if (ledger.fruitless >= MAX_FRUITLESS) return giveUp(record, ledger, options)
    if (executions > 1) await ledger.record({ kind: 'started' })
    const result = await ingest(run.request, ledger, signal, { ...options.ingest, log: options.log })
      .finally(reportStandstill({ look, report: onChange, note: (now) => timeline.note(now, ledger.cost.limits()) }))
    if (result.kind === 'paused') return { ...result, snapshot: snapshotOf(ledger) }
    const [over] = await Promise.all([stageRun(record, ledger, result.outcome, options), result.cached])
    return { kind: 'over', ...over }
  } finally {
    await stored.close()
  }
}

/** The ledger is not read: reading it may be what ends the process. A resumption tries again. */
async function giveUpUnread (
  { run, executions }: RunRecord, stored: LedgerStore<StoredEvent>, { clock, log }: ExecuteOptions
): Promise<Work> {
  await stored.append({ kind: 'started' })
  const error = {
    code: 'internal_error',
    detail: `${executions - 1 - stored.lastExecution} executions in a row were cut off before they had read what the ` +
      'run has: the log of the time before each start may say why. What was fetched is kept, without a document: ' +
        'resume the run to go on',
  }
  log.error({ error }, 'run given up')
  return {
    kind: 'over',
    final: ended(run, run, run.gaps, { status: 'failed', complete: false, error }, clock.now()),
    file: null,
    judgement: null,
    releases: null,
  }
}

/** No call is made and no document is written: either may be what ends the process. */
function giveUp ({ run }: RunRecord, ledger: Ledger, { clock, log }: ExecuteOptions): Work {
  const error = {
    code: 'internal_error',
    detail: `${ledger.fruitless} executions in a row were cut off before they had stored anything: the log of the ` +
      'time before each start may say why. What was fetched is kept, without a document: resume the run to go on',
  }
  log.error({ error }, 'run given up')
  const { gaps, progress, status, complete } = outcomeOf({ request: run.request, ledger, failures: new Map(), error })
  const final = ended(run, { ...snapshotOf(ledger), progress }, gaps, { status, complete, error }, clock.now())
  return { kind: 'over', final, file: null, judgement: null, releases: null }
}

async function pauseRun (
  record: RunRecord, { snapshot, pause: { code, message, resumeAtMs } }: Work & { kind: 'paused' }, options: OnceOptions
): Promise<Delivery> {
  const { run: { id }, executions: execution } = record
  const detail = options.resumesPaused ? `${message}, then the run resumes by itself` : message
  const after = await step(
    id,
    options.store,
    (before) => pause(before, execution, snapshot, { code, detail }, resumeAtMs),
    options.timeline.save
  )
  if (after === null) return await yieldRun(record, options, execution)
  options.log.warn({ resumeAt: after.run.resumeAt, code }, 'run paused')
  options.onChange(after.run)
  return { kind: 'postponed', untilMs: resumeAtMs }
}

/** Writes and judges the document; only then the run is said to have ended. */
async function stageRun (
  { run, executions }: RunRecord, ledger: Ledger, outcome: Outcome, options: ExecuteOptions
): Promise<Ended> {
  const { documents, quality, clock, log } = options
  const { albums, gaps, progress, ...conclusion } = outcome
  const endWith = (how: Conclusion): Run => ended(run, { ...snapshotOf(ledger), progress }, gaps, how, clock.now())
  const final = endWith(conclusion)
  try {
    if (progress.albumsFetched === 0) return { final, file: null, judgement: null, releases: null }
    const collector = createReleaseCollector()
    const observer = createObserver(final, log, [collector])
    const text = documentText(final, albums, ledger, observer.through)
    const file = await documents.stage(run.id, executions, documentName(run), text)
    const findings = await observer.findings()
    const seen = findings === null ? null : collector.albums()
    return {
      final,
      file,
      judgement: await judge(final, findings, quality, log),
      releases: seen === null ? null : { sha256: file.sha256, albums: seen },
    }
  } catch (error) {
    if (isAway(error)) throw error
    log.error({ err: error }, 'document could not be written')
    return {
      final: endWith({ status: 'failed', complete: false, error: failureOf(error) }),
      file: null,
      judgement: null,
      releases: null,
    }
  }
}

/** A run never fails because of its report: where that is not made now, it is made when it is asked for. */
async function judge (
  final: Run, findings: Findings | null, quality: ExecuteOptions['quality'], log: Log
): Promise<Judgement | null> {
  try {
    return findings === null ? null : await quality.judge(final, findings)
  } catch (error) {
    if (isAway(error)) throw error
    log.error({ err: error }, 'document could not be checked; quality report deferred')
    return null
  }
}

async function finishRun (
  record: RunRecord, { final, file, judgement, releases }: Ended, options: OnceOptions
): Promise<Delivery> {
  const { run: { id }, executions: execution } = record
  const save = async (within: Queries): Promise<void> => {
    await options.timeline.save(within)
    if (file !== null && judgement !== null) await options.quality.save(final, file, judgement, within)
  }
  const after = await step(
    id, options.store, (before) => finish(before, execution, final, file, judgement?.verdict), save
  )
  if (after === null) return await yieldRun(record, options, execution)
  await cleanUp(after, releases, options)
  const { status, error, progress, cost, gaps, quality } = after.run
  options.log.info({ status, error, progress, cost, gaps: gaps.length, file: file?.name, quality }, 'run ended')
  options.onChange(after.run)
  return { kind: 'done' }
}

/** The run has ended and its document is safe: what fails here is made good by the first reader, or by the sweep. */
async function cleanUp (
  { run, executions }: RunRecord,
  releases: DocumentReleases | null,
  { documents, removeLedger, recordReleases, log }: ExecuteOptions
): Promise<void> {
  try {
    if (run.file !== null) await documents.publish(run.id, executions, run.file)
    await recordReleases(run.id, releases)
    if (run.complete === true) await removeLedger(run.id)
  } catch (error) {
    log.error({ err: error }, 'files of an ended run not cleaned up yet')
  }
}

/** The record after that step, which ends the ownership; null where it is no longer this execution's to take. */
async function step (
  id: string,
  store: ExecuteOptions['store'],
  change: (before: RunRecord) => RunRecord,
  also: (within: Queries) => Promise<void>
): Promise<RunRecord | null> {
  let isTaken = false
  const after = await store.update(id, (before) => {
    const next = change(before)
    isTaken = next !== before
    return next
  }, true, also)
  return isTaken ? after : null
}

/** A later execution has the run: leave everything that is its own alone, and show the run as it is. */
async function yieldRun (
  { run }: RunRecord, { store, documents, log, onChange }: ExecuteOptions, execution: number
): Promise<Delivery> {
  log.info('run taken over by another execution')
  await documents.discardStaged(documentName(run), execution).catch(
    (error: unknown) => log.warn({ err: error }, 'staged document could not be removed yet')
  )
  const stored = await store.read(run.id)
  if (stored !== null) onChange(stored.run)
  return { kind: 'done' }
}

function snapshotOf (ledger: Ledger): Snapshot {
  return { source: ledger.source, progress: ledger.progress(), listing: ledger.listing, cost: ledger.cost.read() }
}

import type { Run } from '../../schemas/run.ts'
import type { TimelineSteps } from '../../schemas/timeline.ts'
import type { Clock } from '../clock.ts'
import type { Queries } from '../database/database.ts'
import type { RunRecord } from '../run-record.ts'
import type { TimelineStore } from '../store/timeline-store.ts'
import { createTimelineRecorder } from '../timeline/recorder.ts'

/** The timeline of a run while an execution of it is under way. */
export interface RunTimeline {
  /** The run as it is now, and how many of its calls were answered 429 in this execution. */
  note: (run: Run, limits: number) => void
  /** All steps so far. */
  steps: () => TimelineSteps
  save: (within: Queries) => Promise<void>
}

interface RunTimelineOptions {
  timelines: Pick<TimelineStore, 'read' | 'save'>
  clock: Clock
}

/**
 * Goes on with what earlier executions have stored. @param queuedMs how long the run was in the queue before this one
 */
export async function openRunTimeline (
  { run, executions }: RunRecord, queuedMs: number, { timelines, clock }: RunTimelineOptions
): Promise<RunTimeline> {
  const earlier = executions > 1 ? await timelines.read(run.id) : null
  const startedAtMs = Date.parse(run.startedAt ?? run.createdAt)
  const recorder = createTimelineRecorder({ earlier, startedAtMs, queuedMs, clock })
  return {
    note: ({ progress, waiting, cost }, limits) => recorder.note({ progress, waiting, cost, limits }),
    steps: recorder.steps,
    async save (within) {
      if (recorder.steps().points.length > 0) await timelines.save(run.id, executions, recorder.steps(), within)
    },
  }
}

/**
 * How long a run was in the queue that begins now; 0 where nobody knows since when: after a crash, and after it was
 * resumed by a user.
 */
export function queuedMsOf ({ run, executions }: RunRecord, nowMs: number): number {
  const since = run.status === 'paused' ? run.resumeAt : executions === 0 ? run.createdAt : null
  return since === null ? 0 : Math.max(0, nowMs - Date.parse(since))
}

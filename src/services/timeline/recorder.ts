import type { Progress, Run } from '../../schemas/run.ts'
import type { TimelinePoint, TimelineSteps } from '../../schemas/timeline.ts'
import type { Clock } from '../clock.ts'
import { NO_STEPS, stepAt, withPoint } from './steps.ts'

/** What is looked at again and again while a run is executed. */
export interface Reading extends Pick<Run, 'progress' | 'waiting'> {
  cost: Pick<Run['cost'], 'calls' | 'retries'>
  /** Calls that were answered 429 since the execution began. */
  limits: number
}

/** Adds what one execution does to the timeline of its run. */
export interface TimelineRecorder {
  /** Counts what has changed since the last reading; the first one only says where the execution begins. */
  note: (reading: Reading) => void
  /** All steps so far, with those of earlier executions. */
  steps: () => TimelineSteps
}

interface RecorderOptions {
  /** What earlier executions left, or null. */
  earlier: TimelineSteps | null
  /** When the run began (epoch milliseconds). */
  startedAtMs: number
  /** How long the run was in the queue before this execution. */
  queuedMs: number
  clock: Pick<Clock, 'now' | 'monotonic'>
}

/** What a point counts, where nothing happened. */
const NOTHING = { calls: 0, retries: 0, limited: 0, waitMs: { pace: 0, pause: 0, retry: 0, queue: 0 } }
const NO_PROGRESS: Progress = { albumsListed: 0, albumsFetched: 0, tracks: 0 }

/** The wall clock counts once, when the execution begins: what it is set to later does not disturb the order. */
export function createTimelineRecorder ({ earlier, startedAtMs, queuedMs, clock }: RecorderOptions): TimelineRecorder {
  let steps = earlier ?? NO_STEPS
  const beganMs = clock.monotonic()
  const beganAtMs = Math.max(0, clock.now() - startedAtMs, steps.points.at(-1)?.atMs ?? 0)
  let last: Reading | null = null
  let lastAtMs = beganAtMs

  function add (atMs: number, progress: Progress, counted: Partial<TimelinePoint>): void {
    steps = withPoint(steps, { atMs, ...NOTHING, ...progress, ...counted })
  }

  /** A wait counts in each step that it lasts in. */
  function addWait (reason: keyof TimelinePoint['waitMs'], untilMs: number, progress: Progress): void {
    for (let atMs = lastAtMs; atMs < untilMs;) {
      const endMs = Math.min(untilMs, stepAt(atMs, steps.stepMs) + steps.stepMs)
      add(atMs, progress, { waitMs: { ...NOTHING.waitMs, [reason]: endMs - atMs } })
      atMs = endMs
    }
  }

  if (queuedMs > 0) add(beganAtMs, progressOf(steps), { waitMs: { ...NOTHING.waitMs, queue: queuedMs } })

  return {
    note (reading) {
      const atMs = beganAtMs + Math.round(clock.monotonic() - beganMs)
      const { cost, limits, progress } = reading
      const before = last ?? { ...reading, waiting: null, limits: 0 }
      if (before.waiting !== null) addWait(before.waiting.for, atMs, before.progress)
      const counted = {
        calls: cost.calls - before.cost.calls,
        retries: cost.retries - before.cost.retries,
        limited: limits - before.limits,
      }
      const hasCounted = Object.values(counted).some((count) => count > 0)
      if (hasCounted || !isSame(progress, progressOf(steps))) add(atMs, progress, counted)
      last = reading
      lastAtMs = atMs
    },
    steps: () => steps,
  }
}

function progressOf ({ points }: TimelineSteps): Progress {
  const { albumsListed, albumsFetched, tracks } = points.at(-1) ?? NO_PROGRESS
  return { albumsListed, albumsFetched, tracks }
}

function isSame (a: Progress, b: Progress): boolean {
  return a.albumsListed === b.albumsListed && a.albumsFetched === b.albumsFetched && a.tracks === b.tracks
}

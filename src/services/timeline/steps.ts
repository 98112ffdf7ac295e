import type { TimelinePoint, TimelineSteps } from '../../schemas/timeline.ts'

/** A timeline never has more points than this: four minutes by the second, a day by steps of six minutes and more. */
export const MAX_POINTS = 240

export const NO_STEPS: TimelineSteps = { stepMs: 1000, points: [] }

/** The steps with one more point, which lies in the last step or after it. */
export function withPoint ({ stepMs, points }: TimelineSteps, point: TimelinePoint): TimelineSteps {
  return bounded({ stepMs, points: joined([...points, point], stepMs) })
}

/**
 * Doubles the steps until there are few enough points. It is their number that is bounded, not the time: what lies
 * between them costs nothing.
 */
export function bounded ({ stepMs, points }: TimelineSteps): TimelineSteps {
  if (points.length <= MAX_POINTS) return { stepMs, points }
  return bounded({ stepMs: stepMs * 2, points: joined(points, stepMs * 2) })
}

/** Makes one point of those that lie in the same step. */
function joined (points: TimelinePoint[], stepMs: number): TimelinePoint[] {
  const merged: TimelinePoint[] = []
  for (const point of points) {
    const atMs = stepAt(point.atMs, stepMs)
    const last = merged.at(-1)
    if (last?.atMs === atMs) merged[merged.length - 1] = sum(last, point)
    else merged.push(point.atMs === atMs ? point : { ...point, atMs })
  }
  return merged
}

/** When the step begins in which a moment lies. */
export function stepAt (atMs: number, stepMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs
}

/** What was counted adds up; how far the run is, the later point tells. */
function sum (earlier: TimelinePoint, later: TimelinePoint): TimelinePoint {
  const [a, b] = [earlier.waitMs, later.waitMs]
  return {
    ...later,
    atMs: earlier.atMs,
    calls: earlier.calls + later.calls,
    retries: earlier.retries + later.retries,
    limited: earlier.limited + later.limited,
    waitMs: { pace: a.pace + b.pace, pause: a.pause + b.pause, retry: a.retry + b.retry, queue: a.queue + b.queue },
  }
}

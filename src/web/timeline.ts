import { type Plot, plot } from './plot.ts'

/**
 * The history of a run by steps of time, as `GET /runs/{id}/timeline` gives it; a step in which nothing happened is
 * missing.
 */
export interface Timeline {
  stepMs: number
  points: TimelinePoint[]
}

interface TimelinePoint {
  atMs: number
  calls: number
  retries: number
  limited: number
  waitMs: { pace: number, pause: number, retry: number, queue: number }
}

type Row = NonNullable<Plot['rows']>[number]

/** The calls and waits of a run as a plot; one without rows where its history is not kept. */
export function callsPlot (timeline: Timeline | null): Plot {
  if (timeline === null) return plot('calls', [])
  const made = plot('calls', rowsOf(timeline))
  const stepSeconds = timeline.stepMs / 1000
  return { ...made, stepSeconds, xTitle: `${made.xTitle}, in steps of ${stepSeconds}` }
}

/** A line would go straight over what is missing: it falls to zero at its beginning and rises at its end. */
function rowsOf ({ stepMs, points }: Timeline): Row[] {
  return points.flatMap((point, index) => {
    const beforeMs = points[index - 1]?.atMs ?? -stepMs
    const endsMs = [beforeMs + stepMs, point.atMs - stepMs].filter((atMs) => atMs > beforeMs && atMs < point.atMs)
    return [...[...new Set(endsMs)].map(emptyRow), rowOf(point)]
  })
}

function emptyRow (atMs: number): Row {
  return [atMs / 1000, 0, 0, 0, 0, 0, 0, 0]
}

function rowOf ({ atMs, calls, retries, limited, waitMs: { pace, pause, retry, queue } }: TimelinePoint): Row {
  return [atMs / 1000, calls, retries, limited, pace, pause, retry, queue]
}

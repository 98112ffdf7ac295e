import { type Plot, plot } from './plot.ts'

/** The history of a run by steps of time, as `GET /runs/{id}/timeline` gives it. */
export interface Timeline {
  stepMs: number
  points: Array<{
    atMs: number
    calls: number
    retries: number
    limited: number
    waitMs: { pace: number, pause: number, retry: number, queue: number }
  }>
}

/** The calls and waits of a run as a plot; one without rows where its history is not kept. */
export function callsPlot (timeline: Timeline | null): Plot {
  const { points = [] } = timeline ?? {}
  return plot('calls', points.map(({ atMs, calls, retries, limited, waitMs }) => {
    return [atMs / 1000, calls, retries, limited, waitMs.pace, waitMs.pause, waitMs.retry, waitMs.queue]
  }))
}

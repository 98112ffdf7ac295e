/** Numbers of a run to look at: drawn by the script, and a table without it. */
export interface Plot {
  id: PlotId
  title: string
  /** bars: one number for each label; lines: several numbers for each step of time. */
  kind: 'bars' | 'lines'
  xTitle: string
  /** How long a step of time is. */
  stepSeconds: number
  columns: Array<{ title: string, unit: 'count' | 'ms' }>
  /** What stands first in a row is the label, or the seconds. null: not known until the document is read. */
  rows: Array<[x: string | number, ...values: number[]]> | null
}

export const PLOT_IDS = ['dates', 'tracks', 'durations', 'calls'] as const
export type PlotId = typeof PLOT_IDS[number]

function bars (id: PlotId, title: string, xTitle: string, counted: string): Omit<Plot, 'rows'> {
  return { id, title, kind: 'bars', xTitle, stepSeconds: 0, columns: [{ title: counted, unit: 'count' }] }
}

const PLOTS: Record<PlotId, Omit<Plot, 'rows'>> = {
  dates: bars('dates', 'Albums by release date', 'Released', 'Albums'),
  tracks: bars('tracks', 'Albums by number of tracks', 'Tracks', 'Albums'),
  durations: bars('durations', 'Tracks by length', 'Length in minutes', 'Tracks'),
  calls: {
    id: 'calls',
    title: 'Calls and waits over time',
    kind: 'lines',
    xTitle: 'Seconds since the start',
    stepSeconds: 1,
    columns: [
      { title: 'Calls', unit: 'count' },
      { title: 'Retries', unit: 'count' },
      { title: 'Limited by Spotify (429)', unit: 'count' },
      { title: 'Waited for the pace', unit: 'ms' },
      { title: 'Waited in a pause', unit: 'ms' },
      { title: 'Waited to try again', unit: 'ms' },
      { title: 'Waited in the queue', unit: 'ms' },
    ],
  },
}

export function plot (id: PlotId, rows: Plot['rows']): Plot {
  return { ...PLOTS[id], rows }
}

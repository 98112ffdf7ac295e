/** Numbers of a run to look at: drawn by the script, and a table without it. */
export interface Plot {
  id: PlotId
  title: string
  /** bars: one number for each label; lines: several numbers over the seconds since the start. */
  kind: 'bars' | 'lines'
  xTitle: string
  columns: Array<{ title: string, unit: 'count' | 'ms' }>
  /** What stands first in a row is the label, or the seconds. null: not known until the document is read. */
  rows: Array<[x: string | number, ...values: number[]]> | null
}

export const PLOT_IDS = ['dates', 'tracks', 'durations', 'calls'] as const
export type PlotId = typeof PLOT_IDS[number]

const PLOTS: Record<PlotId, Omit<Plot, 'rows'>> = {
  dates: { id: 'dates', title: 'Albums by release date', kind: 'bars', xTitle: 'Released', columns: [{ title: 'Albums', unit: 'count' }] },
  tracks: { id: 'tracks', title: 'Albums by number of tracks', kind: 'bars', xTitle: 'Tracks', columns: [{ title: 'Albums', unit: 'count' }] },
  durations: { id: 'durations', title: 'Tracks by length', kind: 'bars', xTitle: 'Length in minutes', columns: [{ title: 'Tracks', unit: 'count' }] },
  calls: {
    id: 'calls',
    title: 'Calls and waits over time',
    kind: 'lines',
    xTitle: 'Seconds since the start',
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

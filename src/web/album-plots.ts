import { fieldsOf, listOf } from '../services/fields.ts'
import { type Plot, plot } from './plot.ts'

/** More bars than this cannot be told apart. */
const MAX_BARS = 60
/** What Spotify gives for the year of a release that it does not know. */
const NO_YEAR = '0000'
const MANY_TRACKS = 30
const LENGTH_STEP_MS = 30_000
const MAX_LENGTH_MS = 600_000

/** Counts what the plots show while albums are read. */
export interface AlbumPlots {
  add: (album: unknown) => void
  plots: () => Plot[]
}

export function createAlbumPlots (): AlbumPlots {
  const dates = new Map<string, number>()
  const trackCounts = new Map<number, number>()
  const lengths = new Map<number, number>()

  return {
    add (album) {
      const { release_date: date, tracks } = fieldsOf(album)
      if (typeof date === 'string' && /^\d{4}(-\d{2}){0,2}$/.test(date)) count(dates, date)
      const items = listOf(fieldsOf(tracks)['items'])
      count(trackCounts, Math.min(items.length, MANY_TRACKS))
      for (const track of items) {
        const { duration_ms: ms } = fieldsOf(track)
        if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 0) count(lengths, lengthStep(ms))
      }
    },

    plots: () => [
      plot('dates', dateRows(dates)),
      plot('tracks', numbers(trackCounts).map(([tracks, albums]) => [tracksLabel(tracks), albums])),
      plot('durations', numbers(lengths).map(([ms, tracks]) => [lengthLabel(ms), tracks])),
    ],
  }
}

function count<Key> (counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function numbers (counts: ReadonlyMap<number, number>): Array<[number, number]> {
  return [...counts].sort(([a], [b]) => a - b)
}

/** By days where they are few, else by months, else by years; the newest where even years are many. */
function dateRows (dates: ReadonlyMap<string, number>): Array<[string, number]> {
  for (const length of [10, 7, 4]) {
    const grouped = new Map<string, number>()
    for (const [date, albums] of dates) {
      const start = date.slice(0, length)
      grouped.set(start, (grouped.get(start) ?? 0) + albums)
    }
    if (grouped.size > MAX_BARS && length > 4) continue
    const rows = [...grouped].sort(([a], [b]) => a < b ? -1 : 1).slice(-MAX_BARS)
    return rows.map(([date, albums]) => [date.startsWith(NO_YEAR) ? 'not known' : date, albums])
  }
  return []
}

function tracksLabel (tracks: number): string {
  return tracks === MANY_TRACKS ? `${MANY_TRACKS} or more` : String(tracks)
}

function lengthStep (ms: number): number {
  return Math.min(Math.floor(ms / LENGTH_STEP_MS) * LENGTH_STEP_MS, MAX_LENGTH_MS)
}

function lengthLabel (ms: number): string {
  return ms === MAX_LENGTH_MS ? '10:00 or more' : `${clock(ms)}–${clock(ms + LENGTH_STEP_MS)}`
}

function clock (ms: number): string {
  return `${Math.floor(ms / 60_000)}:${String(ms / 1000 % 60).padStart(2, '0')}`
}

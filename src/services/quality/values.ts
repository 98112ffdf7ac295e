/** The release dates of a document: how many, the newest, and how many are older than a day. */
export interface Dates {
  add: (date: string) => void
  count: () => number
  isVaried: () => boolean
  /** null: there is none. */
  newest: () => string | null
  olderThan: (day: string) => number
}

/** Different dates that are counted; a document rarely has more than a few hundred. */
const MAX_COUNTED = 10_000

export function createDates (): Dates {
  const counts = new Map<string, number>()
  let count = 0
  return {
    add (date) {
      count++
      const seen = counts.get(date)
      if (seen !== undefined || counts.size < MAX_COUNTED) counts.set(date, (seen ?? 0) + 1)
    },
    count: () => count,
    isVaried: () => counts.size > 1,
    newest: () =>
      [...counts.keys()].reduce<string | null>(
        (newest, date) => newest === null || date > newest ? date : newest,
        null
      ),
    olderThan: (day) => [...counts].reduce((older, [date, times]) => date < day ? older + times : older, 0),
  }
}

/** Whether all values of a column are the same one. */
export interface Sameness {
  add: (value: unknown) => void
  count: () => number
  isVaried: () => boolean
}

export function createSameness (): Sameness {
  let count = 0
  let first: unknown
  let isVaried = false
  return {
    add (value) {
      if (count++ === 0) first = value
      else if (value !== first) isVaried = true
    },
    count: () => count,
    isVaried: () => isVaried,
  }
}

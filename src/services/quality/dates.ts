const DAY_MS = 24 * 3_600_000
const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/
const PRECISIONS = { 4: 'year', 7: 'month', 10: 'day' } as const

/** Returns whether a text is a date, a month or a year of the calendar. */
export function isCalendarText (text: string): boolean {
  const [, year, month = '01', day = '01'] = DATE.exec(text) ?? []
  if (year === undefined || year === '0000') return false
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 &&
    Number(day) <= daysOf(Number(year), Number(month))
}

function daysOf (year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** Returns whether a text is a whole date of the calendar. */
export function isWholeDate (text: unknown): text is string {
  return typeof text === 'string' && text.length === 10 && isCalendarText(text)
}

/** The precision that a release date of this length has; null: no date has it. */
export function precisionOf (text: unknown): 'day' | 'month' | 'year' | null {
  return typeof text === 'string' ? PRECISIONS[text.length as keyof typeof PRECISIONS] ?? null : null
}

/** The date so many days away from a time, in UTC. */
export function dayAt (ms: number, days: number): string {
  return new Date(ms + days * DAY_MS).toISOString().slice(0, 10)
}

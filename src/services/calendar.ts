const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/

/**
 * Returns whether a text is a date, a month or a year of the calendar. Year 0, which Spotify sends where it knows none,
 * is none: neither SQL nor Python has it.
 */
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

import t from 'tap'
import { isCalendarText, isWholeDate } from '../../src/services/calendar.ts'

const CASES: Array<[text: string, isCalendar: boolean, isWhole: boolean]> = [
  ['2026-11-20', true, true], ['2024-02-29', true, true], ['2000-02-29', true, true], ['2026-11', true, false],
  ['2026', true, false], ['0001-01-01', true, true],
  ['2026-02-29', false, false], ['1900-02-29', false, false], ['2026-04-31', false, false], ['2026-13', false, false],
  ['2026-00-10', false, false], ['2026-01-00', false, false],
  ['0000', false, false], ['0000-01-01', false, false], ['', false, false], ['2026-1-1', false, false],
  ['2026-11-20\n', false, false], ['2026-11-20T00:00:00Z', false, false], ['20261120', false, false],
]

t.test('a date, a month or a year of the calendar, and nothing else', async (t) => {
  for (const [text, isCalendar, isWhole] of CASES) {
    t.strictSame([isCalendarText(text), isWholeDate(text)], [isCalendar, isWhole], JSON.stringify(text))
  }
  for (const value of [null, undefined, 20261120, ['2026-11-20']]) t.equal(isWholeDate(value), false)
})

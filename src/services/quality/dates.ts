export const DAY_MS = 24 * 3_600_000
const PRECISIONS = { 4: 'year', 7: 'month', 10: 'day' } as const

/** The precision that a release date of this length has; null: no date has it. */
export function precisionOf (text: unknown): 'day' | 'month' | 'year' | null {
  return typeof text === 'string' ? PRECISIONS[text.length as keyof typeof PRECISIONS] ?? null : null
}

/** The date so many days away from a time, in UTC. */
export function dayAt (ms: number, days: number): string {
  return new Date(ms + days * DAY_MS).toISOString().slice(0, 10)
}

const HOUR_MS = 3_600_000

/** Calls by the hour in which they began: epoch hours as keys. */
export type CallCount = Record<string, number>

/** Counts calls for the daily quota's sake: by the hour, for as long as an hour matters. */
export function createCallCount (before: CallCount, now: () => number) {
  const byHour = new Map(Object.entries(before).map(([hour, calls]) => [Number(hour), calls]))

  function forget (): void {
    const oldest = Math.floor(now() / HOUR_MS) - 24
    for (const hour of byHour.keys()) if (hour < oldest) byHour.delete(hour)
  }

  return {
    add (): void {
      const hour = Math.floor(now() / HOUR_MS)
      byHour.set(hour, (byHour.get(hour) ?? 0) + 1)
    },
    /** Calls of the last 24 hours, rounded up to whole hours. */
    last24Hours (): number {
      forget()
      return [...byHour.values()].reduce((sum, calls) => sum + calls, 0)
    },
    read (): CallCount {
      forget()
      return Object.fromEntries(byHour)
    },
  }
}

/** The times of the last `windowMs`. They must be added in order. */
export interface RollingWindow {
  add (nowMs: number): void
  /** Removes older times and returns how many are left. */
  count (nowMs: number): number
  /** Returns the oldest time that count() left, if any. */
  oldest (): number | undefined
}

export function createRollingWindow (windowMs: number): RollingWindow {
  const times: number[] = []
  return {
    add (nowMs) { times.push(nowMs) },
    count (nowMs) {
      const fresh = times.findIndex((time) => time > nowMs - windowMs)
      times.splice(0, fresh === -1 ? times.length : fresh)
      return times.length
    },
    oldest: () => times[0],
  }
}

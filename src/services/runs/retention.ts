const DAY_MS = 24 * 3_600_000

/** Runs that ended before this time (epoch milliseconds) are deleted; 0 days: none ever is. */
export function retentionStartMs (nowMs: number, retentionDays: number): number {
  return retentionDays === 0 ? -Infinity : nowMs - retentionDays * DAY_MS
}

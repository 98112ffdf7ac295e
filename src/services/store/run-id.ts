/** A UUID of version 7: such ids sort by the time of their creation. Source: RFC 9562, section 5.7 */
const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function isRunId (id: string): boolean {
  return RUN_ID.test(id)
}

/** Returns the names that are ids of runs, oldest first. */
export function runIdsOf (names: string[]): string[] {
  return names.filter(isRunId).sort()
}

/** When the run of that id was created, epoch milliseconds. */
export function createdAtMs (id: string): number {
  return parseInt(id.slice(0, 13).replace('-', ''), 16)
}

interface RecentOptions {
  maxAgeMs: number
  /** In milliseconds, never going back. */
  monotonic: () => number
}

/**
 * Wraps work that many ask for: all who ask while it lasts share it, and a result serves those who ask within
 * `maxAgeMs` of its start. A failure serves no later one: that it is over is to be seen immediately, and one at a time
 * is bound enough.
 */
export function createRecent<T> (work: () => Promise<T>, { maxAgeMs, monotonic }: RecentOptions): () => Promise<T> {
  let latest: { result: Promise<T>, startedMs: number, isPending: boolean } | null = null
  return async () => {
    if (latest !== null && (latest.isPending || monotonic() - latest.startedMs < maxAgeMs)) return await latest.result
    const started = { result: work(), startedMs: monotonic(), isPending: true }
    latest = started
    started.result.then(() => { started.isPending = false }, () => { latest = null })
    return await started.result
  }
}

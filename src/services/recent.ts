interface RecentOptions {
  maxAgeMs: number
  /** In milliseconds, never going back. */
  monotonic: () => number
}

/** Wraps work that many ask for: all who ask within `maxAgeMs` of its start, or while it lasts, share one result, or one failure. */
export function createRecent<T> (work: () => Promise<T>, { maxAgeMs, monotonic }: RecentOptions): () => Promise<T> {
  let latest: { result: Promise<T>, startedMs: number, isPending: boolean } | null = null
  return async () => {
    if (latest !== null && (latest.isPending || monotonic() - latest.startedMs < maxAgeMs)) return await latest.result
    const started = { result: work(), startedMs: monotonic(), isPending: true }
    latest = started
    const settle = (): void => { started.isPending = false }
    started.result.then(settle, settle)
    return await started.result
  }
}

interface RequestCountOptions {
  windowMs: number
  /** Keys; those seen longest ago go first. */
  most: number
  /** In milliseconds, never going back: however the wall clock is set, a window ends in its time. */
  monotonic: () => number
}

/** Count a request of the key: which one it is in its window, and for how many milliseconds that goes on. */
export function createRequestCount (
  { windowMs, most, monotonic }: RequestCountOptions
): (key: string) => { current: number, ttl: number } {
  const windows = new Map<string, { requests: number, endMs: number }>()
  return (key) => {
    const nowMs = monotonic()
    const known = windows.get(key)
    const open = known === undefined || known.endMs <= nowMs ? { requests: 0, endMs: nowMs + windowMs } : known
    open.requests++
    windows.delete(key)
    windows.set(key, open)
    for (const oldest of windows.keys()) {
      if (windows.size <= most) break
      windows.delete(oldest)
    }
    return { current: open.requests, ttl: open.endMs - nowMs }
  }
}

/** Returns how far the service's clock is ahead of the browser's, in milliseconds. */
function measureOffset (renderedAt: string | undefined): number {
  const renderedAtMs = Date.parse(renderedAt ?? '')
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  const answeredAtMs = performance.timeOrigin + (navigation?.responseStart ?? 0)
  return Number.isFinite(renderedAtMs) ? renderedAtMs - answeredAtMs : 0
}

const offsetMs = measureOffset(document.querySelector<HTMLElement>('main')?.dataset['now'])

/** Returns the present time by the clock of the service. */
export function serviceNowMs (): number {
  return performance.timeOrigin + performance.now() + offsetMs
}

/** Formats a duration as `m:ss`, from an hour on as `h:mm:ss`. */
export function durationText (durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const ss = String(s).padStart(2, '0')
  return h === 0 ? `${m}:${ss}` : `${h}:${String(m).padStart(2, '0')}:${ss}`
}

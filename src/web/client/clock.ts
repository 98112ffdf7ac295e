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

/** Formats a duration as the service's pages do: "42 s", "3 min 05 s", "2 h 07 min". */
export function durationText (durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000))
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)]
  if (minutes === 0) return `${seconds} s`
  return hours === 0 ? `${minutes} min ${twoDigits(seconds % 60)} s` : `${hours} h ${twoDigits(minutes % 60)} min`
}

function twoDigits (value: number): string {
  return String(value).padStart(2, '0')
}

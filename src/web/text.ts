import { type Html, html } from './html.ts'

const COUNT = new Intl.NumberFormat('en-US')

export function countText (count: number): string {
  return COUNT.format(count)
}

/** "1 album", "1,000 albums". */
export function amountText (count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}

/** "0 s", "42 s", "3 min 05 s", "2 h 07 min". */
export function durationText (ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)]
  return hours === 0 ? `${minutes} min ${twoDigits(seconds % 60)} s` : `${hours} h ${twoDigits(minutes % 60)} min`
}

function twoDigits (value: number): string {
  return String(value).padStart(2, '0')
}

export function bytesText (bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** A time of RFC 3339 as an element that scripts and readers understand: "2026-11-30 09:15:02 UTC". */
export function timeHtml (time: string): Html {
  return html`<time datetime="${time}">${time.slice(0, 19).replace('T', ' ')} UTC</time>`
}

/** The same to the minute, where the reader knows that it is UTC: "2026-11-30 09:15". */
export function shortTimeHtml (epochMs: number): Html {
  const time = new Date(epochMs).toISOString()
  return html`<time datetime="${time}">${time.slice(0, 16).replace('T', ' ')}</time>`
}

/** The same in a sentence of plain text. */
export function timeText (time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`
}

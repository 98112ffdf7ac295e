/**
 * What a terminal or a log reader obeys instead of showing: DEL and the C1 controls, marks and overrides of the
 * direction of text, line and paragraph separators, and the byte order mark.
 */
const INVISIBLE = '\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff'
const IN_JSON = new RegExp(`[${INVISIBLE}]`, 'g')
const IN_TEXT = new RegExp(`[\\u0000-\\u001f${INVISIBLE}]`, 'g')

function escape (character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Writes the control characters of a JSON text as JSON's own escapes: the same value, and safe to show. */
export function escapeJson (json: string): string {
  return json.replace(IN_JSON, escape)
}

/** Serializes a value as JSON that is safe to show. */
export function toJson (value: unknown): string {
  return escapeJson(JSON.stringify(value))
}

/** Makes a text of one line that a terminal only shows: each control character stands as its escape. */
export function printable (text: string): string {
  return text.replace(IN_TEXT, escape)
}

/** The same for each text of a log line. A stack keeps its line breaks, which the pretty printer indents. */
export function printableValues (value: unknown, key = ''): unknown {
  if (typeof value === 'string') return key === 'stack' ? value.split('\n').map(printable).join('\n') : printable(value)
  if (Array.isArray(value)) return value.map((item) => printableValues(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [printable(name), printableValues(item, name)]))
}

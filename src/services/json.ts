/** The numbers of an object or array that JavaScript would write in another way than they were written, by key. */
const WRITTEN = Symbol('numbers as they were written')

interface Holder { [WRITTEN]?: Map<string, string> }

/** `source`: the text of a primitive value. Source: ECMA-262, JSON.parse source text access */
interface Context { source?: string }
type Reviver = (this: Holder, key: string, value: unknown, context: Context) => unknown

declare global {
  interface JSON {
    /** Makes a value that `JSON.stringify` writes as this text. */
    rawJSON: (text: string) => unknown
  }
}

/**
 * Sixteen digits, a fraction, an exponent, or a negative zero, between what may stand around a number: a URI such as
 * `spotify:track:6eX6S` has no match. Rarely matches within a string, which costs time only.
 */
const UNUSUAL_NUMBER = /(?:^|[:,[\s])-?(?:\d{16,}|\d+\.\d+|\d+(?:\.\d+)?[eE][+-]?\d+|(?<=-)0)(?=[\s,\]}]|$)/

/**
 * Parses JSON; `formatJson` writes its numbers as they stand in the text, whatever was made of them with `...`
 * meanwhile.
 */
export function parseJson (text: string): unknown {
  return UNUSUAL_NUMBER.test(text)
    ? JSON.parse(text, noteNumbers as Parameters<typeof JSON.parse>[1])
    : JSON.parse(text)
}

/** Parses JSON for display: a number that JavaScript would write in another way is a string with its text. */
export function parseJsonForDisplay (text: string): unknown {
  return UNUSUAL_NUMBER.test(text)
    ? JSON.parse(text, numberAsWritten as Parameters<typeof JSON.parse>[1])
    : JSON.parse(text)
}

/**
 * Writes a value that `parseJson` gave, a copy of it by `...`, or an array of such values.
 * @param parts what `parseJson` gave, where the value was put together from several
 */
export function formatJson (
  value: unknown, parts: readonly unknown[] = Array.isArray(value) ? [value, ...value as unknown[]] : [value]
): string {
  return parts.some(isMarked) ? JSON.stringify(value, putBack) : JSON.stringify(value)
}

/** Writes the value of that key, of an object which `parseJson` gave; undefined where it has none. */
export function formatMember (object: Record<string, unknown>, key: string): string | undefined {
  if (!Object.hasOwn(object, key)) return undefined
  const numbers = (object as Holder)[WRITTEN]
  if (numbers === undefined) return JSON.stringify(object[key])
  return JSON.stringify({ [WRITTEN]: numbers, [key]: object[key] }, putBack).slice(JSON.stringify(key).length + 2, -1)
}

/** Marks every object on the way to such a number, so that `formatJson` sees it at the top. */
const noteNumbers: Reviver = function (key, value, context) {
  const source = unusualSource(value, context)
  if (source !== null || isMarked(value)) this[WRITTEN] ??= new Map()
  if (source !== null) this[WRITTEN]?.set(key, source)
  return value
}

const numberAsWritten: Reviver = function (_key, value, context) {
  return unusualSource(value, context) ?? value
}

function putBack (this: unknown, key: string, value: unknown): unknown {
  const source = typeof value === 'number' ? (this as Holder)[WRITTEN]?.get(key) : undefined
  return source === undefined ? value : JSON.rawJSON(source)
}

function unusualSource (value: unknown, { source }: Context): string | null {
  return typeof value !== 'number' || source === undefined || source === String(value) ? null : source
}

function isMarked (value: unknown): boolean {
  return typeof value === 'object' && value !== null && WRITTEN in value
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

const COLON = 0x3a

/** How much may be in a JSON text. */
export interface JsonLimits {
  /** Levels of objects and arrays. */
  nesting: number
  /** Objects, arrays and members of objects together: what a parser needs time and memory for. */
  parts: number
}

/** Says in what a JSON text is above the limits, or null; reads it once, without recursion. */
export function excessOf (text: string, { nesting, parts }: JsonLimits): string | null {
  let depth = 0
  let count = 0
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place)
    if (code === QUOTE) place = endOfString(text, place)
    else if (code === 0x5d || code === 0x7d) depth--
    else if (code === 0x5b || code === 0x7b || code === COLON) {
      count++
      if (code !== COLON && ++depth > nesting) return `nested deeper than ${nesting} levels`
      if (count > parts) return `of more than ${parts} objects, arrays and members`
    }
  }
  return null
}

/** The place of the quote that ends the string which begins at `start`, or the text's end. */
function endOfString (text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}

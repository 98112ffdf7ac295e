/** Marks a string that stands for JSON that JSON.stringify cannot write. No catalogue has this private character. */
const MARK = '\uE000'

/** Returns the mark of empty arrays nested to this depth. */
export function nestedArrays (depth: number): string {
  return `${MARK}nested:${depth}`
}

/** Returns the mark of an integer that no JavaScript number can hold. */
export function exactInteger (digits: string): string {
  return `${MARK}integer:${digits}`
}

/** Writes JSON, with marks replaced by what they stand for. */
export function writeJson (body: unknown): string {
  const text = JSON.stringify(body)
  if (!text.includes(MARK)) return text
  return text.replace(/"\uE000(nested|integer):(\d+)"/g, (_, what: string, number: string) =>
    what === 'integer' ? number : '['.repeat(Number(number)) + ']'.repeat(Number(number)))
}

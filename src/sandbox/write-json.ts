/** Begins a string that stands for JSON that JSON.stringify cannot write. A private-use character: no catalogue has it. */
const MARK = '\uE000'

/** Stands for empty arrays nested so deep. */
export function nestedArrays (depth: number): string {
  return `${MARK}nested:${depth}`
}

/** Stands for an integer that no JavaScript number can hold. */
export function exactInteger (digits: string): string {
  return `${MARK}integer:${digits}`
}

/** JSON.stringify that also writes what the marks stand for. */
export function writeJson (body: unknown): string {
  const text = JSON.stringify(body)
  if (!text.includes(MARK)) return text
  return text.replace(/"\uE000(nested|integer):(\d+)"/g, (_, what: string, number: string) =>
    what === 'integer' ? number : '['.repeat(Number(number)) + ']'.repeat(Number(number)))
}

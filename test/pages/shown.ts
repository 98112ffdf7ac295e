/** What differs from run to run, and what stands for it. */
const MASKS: Array<[RegExp, string]> = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'],
  [/\d{8}T\d{6}Z_[0-9a-f]{6}/g, '<start>'],
  [/\/(?:tmp|srv)\/\S*?(?=albums\/)/g, '<folder>/'],
  [/documents\/\d{4}\/\d\d\/\d\d/g, 'documents/<day>'],
  [/127\.0\.0\.1:\d+/g, '<host>'],
  [/\b[\d.]+ s\b/g, '<n> s'],
  [/"throttledMs":\d+/g, '"throttledMs":<n>'],
  [/\b\d{5,}\b/g, '<n>'],
  [/\b[0-9a-f]{64}\b/g, '<sha256>'],
]

/**
 * Compares an output with what a page shows: ids, times and sizes may differ, and `…` stands for anything in a line.
 */
export function isAsShown (shown: string, actual: string): boolean {
  return new RegExp(`^${patternOf(shown)}$`).test(masked(actual).trimEnd())
}

/** Looks for the lines that a page shows among those of a program that prints more. */
export function isAmong (shown: string, actual: string): boolean {
  return new RegExp(`^${patternOf(shown)}$`, 'm').test(masked(actual))
}

/** Compares JSON texts, whose layout may differ. */
export function isSameJson (shown: string, actual: string): boolean {
  return isAsShown(compact(shown), compact(actual))
}

function patternOf (shown: string): string {
  return masked(shown).trimEnd().split('\n').map((line) => line.split('…').map(escaped).join('.*')).join('\n')
}

/** The text with a name in place of each id, time, address and size. */
export function masked (text: string): string {
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n').map((line) => line.trimEnd()).join('\n')
  return MASKS.reduce((masking, [pattern, name]) => masking.replaceAll(pattern, name), lines)
}

function compact (json: string): string {
  return JSON.stringify(JSON.parse(json))
}

function escaped (text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

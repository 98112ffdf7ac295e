import { type StringOptions, type TString, Type } from '@sinclair/typebox'

const TEXTS = new Map<string, string>()

/**
 * Returns the schema of a string with a pattern.
 * @param is ends the sentence "must be …" of the error. A description is for the documentation only; without one, it is
 *   this text.
 */
export function Pattern (pattern: string, is: string, options: StringOptions = {}): TString {
  TEXTS.set(pattern, is)
  return Type.String({ pattern, description: is, ...options })
}

/** Returns what a string of the pattern is, or null where the pattern is not of `Pattern`. */
export function patternText (pattern: unknown): string | null {
  return TEXTS.get(String(pattern)) ?? null
}

export type Fields = Record<string, unknown>

/** Returns whether a value from JSON is an object and not an array. */
export function isRecord (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const NONE: Fields = {}

/** Returns the fields of an object; none where it is no object, which may stand where Spotify should send one. */
export function fieldsOf (value: unknown): Fields {
  return isRecord(value) ? value : NONE
}

export function listOf (value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export type Fields = Record<string, unknown>

/** Returns the fields of an object. Spotify's objects may lack anything, and have anything where something else is expected. */
export function fieldsOf (value: unknown): Fields {
  return typeof value === 'object' && value !== null ? value as Fields : {}
}

export function listOf (value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

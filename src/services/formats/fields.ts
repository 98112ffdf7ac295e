export type Fields = Record<string, unknown>

/** Returns the fields of an object; none where it is no object, which may stand where Spotify should send one. */
export function fieldsOf (value: unknown): Fields {
  return typeof value === 'object' && value !== null ? value as Fields : {}
}

export function listOf (value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

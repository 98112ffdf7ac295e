export type Fields = Record<string, unknown>

/** Whether a value from JSON is an object, and no list. */
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

/** Fields of albums that the development tier lacks. Source: Spotify's migration guide of February 2026. */
const EXTENDED_FIELDS = ['label', 'popularity', 'available_markets']

/** Whether an album has a field that Spotify sends to apps of the extended tier only. */
export function hasExtendedField (album: Fields): boolean {
  return EXTENDED_FIELDS.some((field) => Object.hasOwn(album, field))
}

/** What was computed last, under a name; the oldest goes first. */
export interface Kept<Value> {
  get: (key: string) => Value | undefined
  keep: (key: string, value: Value) => Value
}

const MOST = 200

export function createKept<Value> (most = MOST): Kept<Value> {
  const values = new Map<string, Value>()
  return {
    get: (key) => values.get(key),
    keep (key, value) {
      values.delete(key)
      values.set(key, value)
      for (const oldest of values.keys()) {
        if (values.size <= most) break
        values.delete(oldest)
      }
      return value
    },
  }
}

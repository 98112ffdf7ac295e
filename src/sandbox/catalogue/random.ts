/** A source of numbers in [0, 1). */
export type Random = () => number

/** Creates a mulberry32 generator, fast and the same on every machine. Not for secrets. */
export function createRandom (seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Applies murmur3's finaliser, a bijection of the 32-bit numbers: different inputs never collide. */
export function scramble (value: number): number {
  let bits = value >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** Combines several numbers into one 32-bit seed; the order matters. */
export function mix (...parts: readonly number[]): number {
  return parts.reduce((seed, part) => scramble(seed ^ scramble((part + 0x9e3779b9) >>> 0)), 0)
}

/** Hashes a text to 32 bits: FNV-1a over UTF-16 units. */
export function hashText (text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Draws an integer from `from` to `to`, both included. */
export function between (random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1))
}

export function pick<T> (random: Random, list: readonly [T, ...T[]]): T {
  return list[Math.floor(random() * list.length)] ?? list[0]
}

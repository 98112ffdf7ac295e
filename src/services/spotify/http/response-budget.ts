import { createByteBudget } from './byte-budget.ts'

const MEBIBYTE = 1024 * 1024

/** The largest answer, unpacked. Spotify's largest, a batch of 20 albums with all fields, has about half of it. */
export const MAX_RESPONSE_BYTES = 4 * MEBIBYTE
/**
 * All answers together that are being read, as sent and unpacked; the calls in flight (100 at most) fit in with a small
 * answer each.
 */
const MAX_HELD_BYTES = 64 * MEBIBYTE
/** Nearly every answer is smaller, sent and unpacked together. */
const SMALL_BYTES = 256 * 1024
/** What is parsed together until it is stored: parsed, a text can take twenty times its length. */
const MAX_PARSED_BYTES = MAX_RESPONSE_BYTES

/** The room that one answer takes from its arrival until what it said is stored. */
export interface AnswerRoom {
  /** Waits for room to read a small answer; gives how long its body may be, as sent and unpacked. */
  small: (signal: AbortSignal) => Promise<number>
  /** Waits for room to read the largest one. */
  large: (signal: AbortSignal) => Promise<number>
  /** Waits for room to parse a text of that length; what it took to read it is free again. */
  parsed: (length: number, signal: AbortSignal) => Promise<void>
  release: () => void
}

export interface ResponseBudget {
  open: () => AnswerRoom
  /** Bytes held at present. */
  used: () => { read: number, parsed: number }
}

/** Bounds the memory that the answers of Spotify take, all calls together: an answer without room waits. */
export function createResponseBudget (): ResponseBudget {
  const reading = createByteBudget(MAX_HELD_BYTES)
  const parsing = createByteBudget(MAX_PARSED_BYTES)

  function open (): AnswerRoom {
    let read = 0
    let parsed = 0
    async function reserve (bytes: number, signal: AbortSignal): Promise<number> {
      const more = bytes - read
      await reading.take(more, signal)
      read += more
      return read / 2
    }
    return {
      small: async (signal) => await reserve(SMALL_BYTES, signal),
      large: async (signal) => await reserve(2 * MAX_RESPONSE_BYTES, signal),
      async parsed (length, signal) {
        const bytes = Math.min(length, MAX_PARSED_BYTES)
        await parsing.take(bytes, signal)
        parsed += bytes
        reading.give(read - Math.min(read, length))
        read = Math.min(read, length)
      },
      release () {
        reading.give(read)
        parsing.give(parsed)
        read = parsed = 0
      },
    }
  }
  return { open, used: () => ({ read: reading.used(), parsed: parsing.used() }) }
}

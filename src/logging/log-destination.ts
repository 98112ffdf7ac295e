import { destination } from 'pino'

/** The most of the log that waits in memory for a full disk; more is lost. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024

/**
 * A file descriptor as the place of the log. Where it cannot be written, as a file on a full disk, the service goes on:
 * what is logged waits, each new line tries again, and nothing waits for it, at the exit neither: `flushSync` would try
 * the same for ever.
 */
export function logTo (fd: 1 | 2, options: { sync: boolean }): ReturnType<typeof destination> {
  const stream = destination({ dest: fd, maxLength: MOST_WAITING_BYTES, ...options })
  const flushSync = stream.flushSync.bind(stream)
  let isFailing = false
  stream.on('error', () => { isFailing = true })
  stream.on('write', () => { isFailing = false })
  stream.flushSync = () => { if (!isFailing) flushSync() }
  return stream
}

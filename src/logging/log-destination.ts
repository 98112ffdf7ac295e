import { destination } from 'pino'

/** The most of the log that waits in memory for a full disk; more is lost. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024

/** After a line that could not be written, the wait before the next attempt. */
const RETRY_AFTER_MS = 1000

/**
 * A file descriptor as the place of the log. Where it cannot be written, as a file on a full disk, the service goes on:
 * what is logged waits and is tried again, with each new line and every second. Nothing waits for it, not even at the
 * exit: `flushSync` would try the same for ever.
 */
export function logTo (fd: 1 | 2, options: { sync: boolean }): ReturnType<typeof destination> {
  const stream = destination({ dest: fd, maxLength: MOST_WAITING_BYTES, ...options })
  const flushSync = stream.flushSync.bind(stream)
  let isFailing = false
  let retry: NodeJS.Timeout | undefined
  stream.on('error', () => {
    isFailing = true
    clearTimeout(retry)
    retry = setTimeout(() => stream.write(''), RETRY_AFTER_MS).unref()
  })
  stream.on('write', () => { isFailing = false })
  stream.on('close', () => clearTimeout(retry))
  stream.flushSync = () => { if (!isFailing) flushSync() }
  return stream
}

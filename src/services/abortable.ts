import { setMaxListeners } from 'node:events'

/** The promise, or the signal's reason as soon as it is aborted; the promise itself goes on. */
export async function abortable<T> (promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let onAbort = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error)
  })
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * A controller that is aborted as soon as one of the signals is, until it is released. Unlike `AbortSignal.any` it
 * leaves nothing on a signal that lives as long as the process.
 */
export function follow (...signals: AbortSignal[]): { controller: AbortController, release: () => void } {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal, ...signals) // every waiter adds a listener, which is not a leak
  const listeners = signals.map((signal) => {
    const onAbort = (): void => controller.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    return () => signal.removeEventListener('abort', onAbort)
  })
  return { controller, release: () => { for (const unlisten of listeners) unlisten() } }
}

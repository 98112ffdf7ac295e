import type { Run } from '../../schemas/run.ts'
import { reportHeard, reportLost } from './connection.ts'
import { eventsUrl, getRun, isGone } from './service.ts'

/** An event stream that is silent for so long may be dead without anybody saying so: its run is asked for. */
const SILENCE_MS = 5000
const CHECK_EVERY_MS = 1000

/** What is done with a run that is followed. */
interface RunReader {
  show: (run: Run) => void
  gone: () => void
}

/** Follows a run by its event stream until it ends. Returns a function that stops following. */
export function followRun (id: string, { show, gone }: RunReader): () => void {
  let source = open()
  let heardAtMs = performance.now()
  let isChecking = false
  let isStopped = false
  const timer = setInterval(check, CHECK_EVERY_MS)

  function open (): EventSource {
    const opened = new EventSource(eventsUrl(id))
    for (const name of ['status', 'progress', 'end']) {
      opened.addEventListener(name, ({ data }: MessageEvent<string>) => hear(JSON.parse(data) as Run))
    }
    opened.addEventListener('error', () => {
      opened.close() // the browser would wait for seconds before it tries again
      heardAtMs = -Infinity
    })
    return opened
  }

  function hear (run: Run): void {
    if (isStopped) return
    heardAtMs = performance.now()
    reportHeard(id)
    if (run.finishedAt !== null) stop()
    show(run)
  }

  function check (): void {
    if (isChecking || performance.now() - heardAtMs < SILENCE_MS) return
    isChecking = true
    getRun(id).then((run) => {
      hear(run)
      if (!isStopped && source.readyState === EventSource.CLOSED) source = open()
    }, lose).finally(() => { isChecking = false })
  }

  function lose (reason: unknown): void {
    if (isStopped) return
    if (isGone(reason)) {
      stop()
      reportHeard(id) // that it is gone is up to date
      gone()
      return
    }
    source.close()
    heardAtMs = -Infinity
    reportLost(id, reason)
  }

  function stop (): void {
    isStopped = true
    clearInterval(timer)
    source.close()
  }

  return stop
}

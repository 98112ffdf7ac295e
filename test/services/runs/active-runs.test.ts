import t, { type Test } from 'tap'
import type { Run } from '../../../src/schemas/run.ts'
import type { Notice } from '../../../src/services/database/database.ts'
import { systemClock } from '../../../src/services/clock.ts'
import { type ActiveRuns, createActiveRuns } from '../../../src/services/runs/active-runs.ts'
import { completeRequest } from '../../../src/services/runs/request.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { settle } from '../../fake-clock.ts'
import { never } from '../../never.ts'

const REQUEST = completeRequest({}, 1000)
const POLL_MS = 30

function runOf (id: string, change: Partial<Run> = {}): Run {
  return { ...newRecord(id, REQUEST, 0).run, ...change }
}

const queued = runOf('a')
const running = runOf('a', { status: 'running', startedAt: '2026-11-22T13:40:59.000Z' })
const succeeded = runOf('a', { status: 'succeeded', finishedAt: '2026-11-22T13:41:59.000Z' })
const fetched = (albumsFetched: number): Run => ({ ...running, progress: { ...running.progress, albumsFetched } })

function pausedFor (ms: number): Run {
  const resumeAt = new Date(systemClock.now() + ms).toISOString()
  return runOf('a', { status: 'paused', resumeAt, error: { code: 'storage_failed', detail: 'disk full' } })
}

/** What several processes share: the stored runs, and notices that can be cut off. */
function share (t: Test, pollMs = POLL_MS) {
  const listeners: Array<(notice: Notice) => void> = []
  const sent: Notice[] = []
  const stored = new Map<string, Run>()
  const state = { isCut: false, isAway: false, reads: 0 }
  function join (): ActiveRuns {
    let mine: (notice: Notice) => void = () => {}
    const active = createActiveRuns({
      async read (id) {
        state.reads++
        if (state.isAway) throw new Error('connect ECONNREFUSED')
        return stored.get(id) ?? null
      },
      notify (notice) {
        sent.push(notice)
        if (!state.isCut) for (const listener of listeners) if (listener !== mine) listener(notice)
      },
      onNotice (listener) {
        mine = listener
        listeners.push(listener)
      },
      pollMs,
      clock: systemClock,
    })
    t.teardown(() => active.close())
    return active
  }
  return { join, sent, stored, state }
}

async function until (isSo: () => boolean): Promise<void> {
  for (const deadlineMs = performance.now() + 10_000; !isSo() && performance.now() < deadlineMs;) {
    await systemClock.sleep(5)
  }
}

t.test('a run that is executed here is known from its first change until the execution is over', async (t) => {
  const active = share(t).join()
  active.note(queued)
  t.equal(active.get('a'), undefined, 'nobody executes it')
  const release = active.add('a', () => {})
  t.equal(active.get('a'), undefined, 'its execution has shown nothing yet: the stored one counts')
  for (const run of [running, fetched(1), succeeded]) {
    active.note(run)
    t.equal(active.get('a'), run)
  }
  release()
  t.equal(active.get('a'), undefined)
})

t.test('the newest execution of a run is the one that counts', async (t) => {
  const active = share(t).join()
  const releaseFirst = active.add('a', () => {})
  active.note(running)
  const release = active.add('a', () => {})
  t.equal(active.get('a'), undefined)
  active.note(fetched(3))
  releaseFirst()
  t.match(active.get('a'), { progress: { albumsFetched: 3 } })
  release()
  t.equal(active.get('a'), undefined)
})

t.test('what a run has come to that could not be stored is shown by its process ' +
  'until it is executed again', async (t) => {
  const active = share(t).join()
  const release = active.add('a', () => {})
  const paused = pausedFor(60_000)
  active.note(paused)
  release()
  t.equal(active.get('a'), paused)
  const again = active.add('a', () => {})
  t.equal(active.get('a'), undefined)
  active.note(succeeded)
  again()
  t.equal(active.get('a'), undefined)
})

t.test('where another process may execute a run whose state could not be stored, ' +
  'what is stored counts again', async (t) => {
  const { join, stored } = share(t)
  const active = join()
  const seen: string[] = []
  active.watch('a', ({ status }) => seen.push(status))
  const release = active.add('a', () => {})
  active.note(pausedFor(50))
  stored.set('a', succeeded)
  release()
  t.match(active.get('a'), { status: 'paused' })
  await until(() => seen.includes('succeeded'))
  t.same(seen, ['paused', 'succeeded'])
  t.equal(active.get('a'), undefined)
})

t.test('who watches a run is told of each change, until the returned function is called', async (t) => {
  const active = share(t).join()
  const seen: string[] = []
  const others: string[] = []
  const unwatch = active.watch('a', ({ status }) => seen.push(status))
  active.watch('a', ({ status }) => others.push(status))
  const release = active.add('a', () => {})
  active.note(running)
  active.note(fetched(1))
  unwatch()
  active.note(succeeded)
  active.note(runOf('b', { status: 'succeeded' }))
  release()
  t.same(seen, ['running', 'running'])
  t.same(others, ['running', 'running', 'succeeded'])
})

t.test('waiting is over at the end of the run, when the time is over, or when nobody waits any more', async (t) => {
  const { join, stored } = share(t)
  const active = join()
  stored.set('a', running)
  active.add('a', () => {})
  active.note(running)
  const startedAtMs = performance.now()
  const gone = new AbortController()
  const waits = [
    active.waitForEnd('a', 60_000, never),
    active.waitForEnd('a', 60_000, gone.signal),
    active.waitForEnd('a', 20, never),
    active.waitForEnd('a', 60_000, AbortSignal.abort()),
  ]
  gone.abort()
  await Promise.all(waits.slice(1))
  active.note(succeeded)
  await waits[0]
  t.ok(performance.now() - startedAtMs < 5000)
})

t.test('who begins to wait when the run has just ended elsewhere is answered by the store immediately', async (t) => {
  const { join, stored } = share(t, 60_000)
  stored.set('a', succeeded)
  const startedAtMs = performance.now()
  await join().waitForEnd('a', 60_000, never)
  t.ok(performance.now() - startedAtMs < 5000)
})

t.test('what one process does with a run, the others show as it is stored, as soon as they are notified', async (t) => {
  const { join, stored } = share(t)
  const [one, other] = [join(), join()]
  const seen: string[] = []
  other.watch('a', ({ status }) => seen.push(status))
  one.add('a', () => {})
  for (const run of [running, succeeded]) {
    stored.set('a', run)
    one.note(run)
    await settle()
  }
  t.same(seen, ['running', 'succeeded'])
  t.equal(other.get('a'), undefined, 'it is not executed here')
})

t.test('a notice is a hint: what it says is not shown, but what is stored', async (t) => {
  const { join, stored } = share(t)
  const [one, other] = [join(), join()]
  const seen: string[] = []
  other.watch('a', ({ status }) => seen.push(status))
  stored.set('a', running)
  one.note(succeeded)
  await settle()
  t.same(seen, ['running'])
})

t.test('processes are notified of a run whose status has changed, and not of its progress', async (t) => {
  const { join, sent } = share(t)
  const one = join()
  one.note(queued)
  one.add('a', () => {})
  one.note(running)
  for (let albums = 1; albums <= 100; albums++) one.note(fetched(albums))
  one.note(succeeded)
  t.same(sent, ['a', 'a', 'a'].map((id) => ({ kind: 'run', id })))
})

t.test('who watches a run of another process sees its progress, its end, and each state ' +
  'once, though nothing is heard', async (t) => {
  const { join, stored, state } = share(t)
  state.isCut = true
  const other = join()
  const seen: number[] = []
  other.watch('a', ({ status, progress }) => seen.push(status === 'succeeded' ? -1 : progress.albumsFetched))
  const ended = other.waitForEnd('a', 60_000, never)
  for (const albums of [1, 2]) {
    stored.set('a', fetched(albums))
    await until(() => seen.includes(albums))
    await systemClock.sleep(2 * POLL_MS)
  }
  stored.set('a', succeeded)
  await ended
  t.same(seen, [1, 2, -1])
})

t.test('a run that is executed here is not read while it is watched', async (t) => {
  const { join, state } = share(t)
  const active = join()
  active.watch('a', () => {})
  active.add('a', () => {})
  active.note(running)
  await settle()
  const before = state.reads
  await systemClock.sleep(3 * POLL_MS)
  t.equal(state.reads, before)
})

t.test('as soon as an execution here is over, who watches the run is told how it is stored', async (t) => {
  const { join, stored } = share(t, 60_000)
  const active = join()
  const seen: string[] = []
  active.watch('a', ({ status }) => seen.push(status))
  const release = active.add('a', () => {})
  active.note(running)
  stored.set('a', succeeded)
  release()
  await settle()
  t.same(seen, ['running', 'succeeded'])
})

t.test('a store that is away is asked again, and watching goes on', async (t) => {
  const { join, stored, state } = share(t)
  const active = join()
  state.isAway = true
  const ended = active.waitForEnd('a', 60_000, never)
  await until(() => state.reads >= 3)
  stored.set('a', succeeded)
  state.isAway = false
  await ended
  t.ok(state.reads > 3)
})

t.test('nobody watches: the store is not asked', async (t) => {
  const { join, state } = share(t)
  const active = join()
  active.watch('a', () => {})()
  await active.waitForEnd('b', 1, never)
  const before = state.reads
  await systemClock.sleep(3 * POLL_MS)
  t.equal(state.reads, before)
})

t.test('the process that executes a run is asked to look whether it is to end, and ' +
  'only that one, and only then', async (t) => {
  const listeners: Array<(notice: Notice) => void> = []
  const active = createActiveRuns({
    read: async () => null,
    notify: () => {},
    onNotice: (listener) => {
      listeners.push(listener)
    },
    pollMs: POLL_MS,
    clock: systemClock,
  })
  t.teardown(() => active.close())
  const cancel = (id: string): void => { for (const listener of listeners) listener({ kind: 'cancel', id }) }
  const asked: string[] = []
  cancel('a')
  const releaseA = active.add('a', () => asked.push('a'))
  active.add('b', () => asked.push('b'))
  cancel('a')
  releaseA()
  cancel('a')
  t.same(asked, ['a'])
})

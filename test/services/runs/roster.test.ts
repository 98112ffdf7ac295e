import t, { type Test } from 'tap'
import { type Run } from '../../../src/schemas/run.ts'
import { type Roster, createRoster } from '../../../src/services/runs/roster.ts'
import { type Bus, type RosterMessage, createSharedRoster } from '../../../src/services/runs/shared-roster.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { completeRequest } from '../../../src/services/runs/request.ts'
import { systemClock } from '../../../src/services/clock.ts'
import { never } from '../../never.ts'

const REQUEST = completeRequest({}, 1000)

function runOf (id: string, change: Partial<Run> = {}): Run {
  return { ...newRecord(id, REQUEST, 0).run, ...change }
}

const queued = runOf('a')
const running = runOf('a', { status: 'running', startedAt: '2026-11-22T13:40:59.000Z' })
const succeeded = runOf('a', { status: 'succeeded', finishedAt: '2026-11-22T13:41:59.000Z' })

/** What several rosters share: a bus that can be cut, and a store. */
function shared (t: Test) {
  const listeners: Array<(message: RosterMessage) => void> = []
  const sent: RosterMessage[] = []
  const stored = new Map<string, Run>()
  const state = { isCut: false, reads: 0 }
  function create (): Roster {
    const mine: { listener?: (message: RosterMessage) => void } = {}
    const bus: Bus = {
      publish (message) {
        if (state.isCut) return
        sent.push(message)
        for (const listener of listeners) if (listener !== mine.listener) listener(structuredClone(message))
      },
      subscribe (listener) {
        mine.listener = listener
        listeners.push(listener)
      },
    }
    const read = async (id: string): Promise<Run | null> => {
      state.reads++
      return stored.get(id) ?? null
    }
    const roster = createSharedRoster({ bus, read, clock: systemClock })
    t.teardown(() => roster.close())
    return roster
  }
  return { create, sent, stored, state }
}

for (const [name, create] of [['of one process', () => createRoster(systemClock)], ['of several', (t: Test) => shared(t).create()]] as const) {
  t.test(`the roster ${name}: a run is known from its first change to its end`, async (t) => {
    const roster = create(t)
    t.equal(roster.get('a'), undefined)
    for (const run of [queued, running]) {
      roster.note(run)
      t.equal(roster.get('a'), run)
      t.equal(roster.active().length, 1)
    }
    roster.note(succeeded)
    t.same([roster.get('a'), roster.active().length], [undefined, 0])
  })

  t.test(`the roster ${name}: whoever watches a run is told of each change, until he watches no more`, async (t) => {
    const roster = create(t)
    const seen: string[] = []
    const others: string[] = []
    const unwatch = roster.watch('a', ({ status }) => seen.push(status))
    roster.watch('a', ({ status }) => others.push(status))
    roster.note(queued)
    roster.note(running)
    unwatch()
    roster.note(succeeded)
    roster.note(runOf('b'))
    t.same(seen, ['queued', 'running'])
    t.same(others, ['queued', 'running', 'succeeded'])
  })

  t.test(`the roster ${name}: waiting is over at the end of the run, when the time is over, or when nobody waits any more`, async (t) => {
    const roster = create(t)
    roster.note(running)
    const startedAtMs = performance.now()
    const gone = new AbortController()
    const waits = [roster.waitForEnd('a', 60_000, never), roster.waitForEnd('a', 60_000, gone.signal), roster.waitForEnd('a', 20, never), roster.waitForEnd('a', 60_000, AbortSignal.abort())]
    gone.abort()
    await Promise.all(waits.slice(1))
    roster.note(succeeded)
    await waits[0]
    t.ok(performance.now() - startedAtMs < 5000)
  })

  t.test(`the roster ${name}: runs of the store are counted, and do not hide what is newer`, async (t) => {
    const roster = create(t)
    roster.note(running)
    roster.reconcile([queued, runOf('b')], systemClock.monotonic())
    t.same([roster.get('a')?.status, roster.active().length], ['running', 2])
  })

  t.test(`the roster ${name}: a run that ends while the store is read is not known again; one that goes on after its end is`, async (t) => {
    const roster = create(t)
    roster.note(running)
    const sinceMs = systemClock.monotonic()
    roster.note(succeeded)
    roster.reconcile([running], sinceMs)
    t.same([roster.get('a'), roster.active()], [undefined, []])
    roster.note(runOf('a', { status: 'failed', finishedAt: '2026-11-22T13:41:59.000Z' }))
    roster.note(queued)
    roster.reconcile([running], sinceMs)
    t.same(roster.active().map(({ id }) => id), ['a'])
    roster.note(succeeded)
    await systemClock.sleep(5)
    roster.reconcile([queued], systemClock.monotonic())
    t.same(roster.active().map(({ id }) => id), ['a'], 'the store was read after its end')
  })

  t.test(`the roster ${name}: whoever executes a run is asked to cancel it, and only he, and only then`, async (t) => {
    const roster = create(t)
    const asked: string[] = []
    roster.requestCancel('a')
    const releaseA = roster.hold('a', () => asked.push('a'))
    roster.hold('b', () => asked.push('b'))
    roster.requestCancel('a')
    releaseA()
    roster.requestCancel('a')
    t.same(asked, ['a'])
  })
}

t.test('what one process does with a run, the others know at once: state, count, end', async (t) => {
  const { create } = shared(t)
  const [one, other] = [create(), create()]
  const seen: string[] = []
  other.watch('a', ({ status }) => seen.push(status))
  one.note(queued)
  t.same([other.get('a')?.status, other.active().length], ['queued', 1])
  one.hold('a', () => {})
  one.note(running)
  const ended = other.waitForEnd('a', 60_000, never)
  one.note(succeeded)
  await ended
  t.same(seen, ['queued', 'running', 'succeeded'])
  t.same([other.get('a'), other.active().length], [undefined, 0])
})

t.test('progress is told at most four times a second, the last of it always, and a sign of life each second', async (t) => {
  const { create, sent } = shared(t)
  const [one, other] = [create(), create()]
  const startedAtMs = performance.now()
  const inTime = (everyMs: number): number => 2 + (performance.now() - startedAtMs) / everyMs
  one.hold('a', () => {})
  one.note(running)
  for (let albums = 1; albums <= 100; albums++) {
    one.note(runOf('a', { status: 'running', progress: { albumsListed: 100, albumsFetched: albums, tracks: 0 } }))
    await systemClock.sleep(5)
  }
  await systemClock.sleep(300)
  t.equal(other.get('a')?.progress.albumsFetched, 100)
  t.ok(sent.length <= inTime(250), `${sent.length} messages`)
  const before = sent.length
  while (sent.length < before + 2 && inTime(1000) < 22) await systemClock.sleep(50)
  t.ok(sent.length - before >= 2 && sent.length - before <= inTime(1000), `${sent.length - before} signs of life`)
  t.equal(other.get('a')?.progress.albumsFetched, 100, 'still heard')
})

t.test('what is not heard of any more is not known: the store is asked; whoever watches sees the store', async (t) => {
  const { create, state, stored } = shared(t)
  const [one, other] = [create(), create()]
  one.hold('a', () => {})
  one.note(running)
  stored.set('a', running)
  t.equal(other.get('a')?.status, 'running')
  state.isCut = true
  const seen: string[] = []
  other.watch('a', ({ status }) => seen.push(status))
  const ended = other.waitForEnd('a', 60_000, never)
  await systemClock.sleep(2100)
  t.equal(other.get('a'), undefined)
  t.equal(other.active().length, 1, 'it still counts')
  one.note(succeeded)
  stored.set('a', succeeded)
  await ended
  t.equal(seen.at(-1), 'succeeded')
  t.same([other.get('a'), other.active().length], [undefined, 0])
})

t.test('who begins to wait when the run has just ended, and nothing is heard, is answered by the store at once', async (t) => {
  const { create, stored } = shared(t)
  const roster = create()
  stored.set('a', succeeded)
  const startedAtMs = performance.now()
  await roster.waitForEnd('a', 60_000, never)
  t.ok(performance.now() - startedAtMs < 5000)
})

t.test('nobody watches: the store is not asked', async (t) => {
  const { create, state } = shared(t)
  const roster = create()
  roster.reconcile([queued], systemClock.monotonic())
  roster.watch('a', () => {})()
  await systemClock.sleep(600)
  t.equal(state.reads, 0)
})

t.test('what the store no longer has is counted no longer, unless it is newer than the look', async (t) => {
  const { create } = shared(t)
  const roster = create()
  roster.note(queued)
  await systemClock.sleep(5)
  const lookedAtMs = systemClock.monotonic()
  await systemClock.sleep(5)
  roster.note(runOf('b'))
  roster.hold('c', () => {})
  roster.note(runOf('c'))
  roster.reconcile([runOf('d')], lookedAtMs)
  t.equal(roster.active().length, 3, 'b, c and d')
})

t.test('a request to cancel reaches the process that executes the run', async (t) => {
  const { create } = shared(t)
  const [one, other] = [create(), create()]
  let canceled = 0
  one.hold('a', () => canceled++)
  other.requestCancel('a')
  other.requestCancel('b')
  t.equal(canceled, 1)
})

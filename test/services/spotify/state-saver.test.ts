import t from 'tap'
import { createStateSaver } from '../../../src/services/spotify/state-saver.ts'
import { type PacerStore, type Window } from '../../../src/services/spotify/window.ts'
import { createGate } from '../gate.ts'
import { createRecordingLog } from '../recording-log.ts'

/** A saver of a state that the test changes, onto a disk that the test may break. */
function create (write: (count: number) => Promise<void> = async () => {}) {
  const log = createRecordingLog()
  const state = { count: 0, underWay: 0 }
  const saved: number[] = []
  const open: Array<number | undefined> = []
  const store: PacerStore = {
    load: async () => null,
    async save ({ strikes, open: stored }) {
      await write(strikes)
      saved.push(strikes)
      open.push(stored)
    },
  }
  const snapshot: Window['snapshot'] = async () => ({ state: { pause: null, strikes: state.count, callsByHour: {}, recent: [], open: state.underWay }, pace: 1 })
  const saver = createStateSaver({ window: { snapshot, advance: 3 }, store, log })
  /** Calls begin as they do in the pacer: the window knows of them first. */
  async function begin (calls: number): Promise<void> {
    state.underWay += calls
    await saver.began(calls)
  }
  function end (): void {
    state.underWay--
    saver.ended()
  }
  return { saver, state, saved, open, begin, end, log }
}

t.test('what is asked for while a save is under way is one more save, of the newest state', async (t) => {
  const gate = createGate()
  const { saver, state, saved } = create(async (count) => { if (count === 1) await gate.promise })
  state.count = 1
  const first = saver.save()
  await new Promise(setImmediate)
  const later = [2, 3, 4].map(async (count) => {
    state.count = count
    await saver.save()
  })
  gate.resolve()
  await Promise.all([first, ...later])
  t.same(saved, [1, 4])
})

t.test('what cannot be stored is told, breaks nothing, and the next save is tried', async (t) => {
  let isFull = true
  const { saver, saved, log } = create(async () => { if (isFull) throw new Error('no space') })
  await saver.save()
  t.match(log.lines, [/^error the pause and the count of calls could not be stored/])
  isFull = false
  await saver.save()
  t.equal(saved.length, 1)
})

t.test('calls that are under way are stored with some in advance; only who is not counted yet waits for a save', async (t) => {
  const { open, begin } = create()
  await begin(2)
  t.same(open, [5])
  await begin(1)
  await begin(2)
  t.same(open, [5], 'three are counted')
  await begin(1)
  t.same(open, [5, 9])
})

t.test('without a call under way none is counted in advance: the next one is stored first', async (t) => {
  const { saver, open, begin, end } = create()
  await begin(1)
  end()
  await saver.save()
  await begin(1)
  t.same(open, [4, 0, 4])
})

t.test('while a state is being written, a call that only one of the two states counts is not made', async (t) => {
  const gate = createGate()
  const { saver, state, open, begin, end } = create(async (count) => { if (count === 1) await gate.promise })
  await begin(1)
  end()
  state.count = 1
  const idle = saver.save()
  await new Promise(setImmediate)
  state.count = 2
  let isCounted = false
  const begun = begin(1).then(() => { isCounted = true })
  await new Promise(setImmediate)
  t.equal(isCounted, false, 'the state with calls in advance is about to be replaced')
  gate.resolve()
  await Promise.all([idle, begun])
  t.same(open, [4, 0, 4])
})

t.test('calls that begin while a state is being written are counted by it too', async (t) => {
  const gate = createGate()
  const { saver, state, open, begin } = create(async (count) => { if (count === 1) await gate.promise })
  await begin(1)
  state.count = 1
  const saving = saver.save()
  await new Promise(setImmediate)
  await begin(2)
  gate.resolve()
  await saving
  await begin(1)
  t.same(open, [4, 4])
  await begin(1)
  t.same(open, [4, 4, 8])
})

t.test('a disk that refuses the state stops no call', async (t) => {
  const { begin, log } = create(async () => { throw new Error('no space') })
  await begin(1)
  await begin(3)
  t.equal(log.lines.length, 1)
})

t.test('closing saves once more, at once; after that nothing is saved by itself', async (t) => {
  const { saver, state, saved, open, begin, end } = create()
  await begin(2)
  end()
  state.count = 7
  await saver.close()
  t.same(saved, [0, 7])
  t.same(open, [5, 1], 'none in advance: nobody calls any more')
  end()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  t.same(saved, [0, 7])
})

t.test('ends of calls are stored within a second, many at once', async (t) => {
  const { state, saved, begin, end } = create()
  await begin(9)
  saved.length = 0
  for (state.count = 1; state.count < 10; state.count++) end()
  const startedAtMs = performance.now()
  while (saved.length === 0 && performance.now() - startedAtMs < 10_000) await new Promise((resolve) => setTimeout(resolve, 20))
  t.same(saved, [10])
})

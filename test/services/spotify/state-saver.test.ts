import t from 'tap'
import { createStateSaver } from '../../../src/services/spotify/state-saver.ts'
import { type PacerStore, type Window } from '../../../src/services/spotify/window.ts'
import { createFakeClock } from '../../fake-clock.ts'
import { createGate } from '../gate.ts'
import { createRecordingLog } from '../recording-log.ts'

/** A saver of a state that the test changes, onto a disk that the test may break. */
function create (write: (count: number) => Promise<void> = async () => {}) {
  const clock = createFakeClock()
  const log = createRecordingLog()
  const state = { count: 0 }
  const saved: number[] = []
  const store: PacerStore = {
    load: async () => null,
    async save ({ strikes }) {
      await write(strikes)
      saved.push(strikes)
    },
  }
  const snapshot: Window['snapshot'] = async () => ({ state: { pause: null, strikes: state.count, callsByHour: {}, recent: [] }, pace: 1 })
  const saver = createStateSaver({ window: { snapshot }, store, clock, log })
  return { saver, state, saved, clock, log }
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

t.test('its age counts from the beginning of the last save', async (t) => {
  const { saver, clock } = create()
  t.equal(saver.ageMs(), Infinity)
  await saver.save()
  await clock.pass(5000)
  t.equal(saver.ageMs(), 5000)
})

t.test('closing saves once more, at once; after that nothing is saved by itself', async (t) => {
  const { saver, state, saved } = create()
  saver.saveSoon()
  state.count = 7
  await saver.close()
  t.same(saved, [7])
  saver.saveSoon()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  t.same(saved, [7])
})

t.test('soon is within a second, however often it is asked for', async (t) => {
  const { saver, state, saved } = create()
  for (state.count = 1; state.count < 10; state.count++) saver.saveSoon()
  const startedAtMs = performance.now()
  while (saved.length === 0 && performance.now() - startedAtMs < 10_000) await new Promise((resolve) => setTimeout(resolve, 20))
  t.same(saved, [10])
})

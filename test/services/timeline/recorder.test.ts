import t from 'tap'
import type { TimelinePoint, TimelineSteps } from '../../../src/schemas/timeline.ts'
import { type Reading, type TimelineRecorder, createTimelineRecorder } from '../../../src/services/timeline/recorder.ts'
import { START_MS, createFakeClock } from '../../fake-clock.ts'

const NO_WAIT = { pace: 0, pause: 0, retry: 0, queue: 0 }

/** A recorder of a run that began just now, and what it is shown of it. */
function record (options: { earlier?: TimelineSteps, startedAtMs?: number, queuedMs?: number } = {}) {
  const clock = createFakeClock()
  const recorder = createTimelineRecorder({ earlier: null, startedAtMs: START_MS, queuedMs: 0, clock, ...options })
  return {
    clock,
    recorder,
    points: () => recorder.steps().points,
    show: (
      calls: number,
      tracks: number,
      waitsFor: 'pace' | 'retry' | null = null,
      more: { retries?: number, limits?: number } = {}
    ) => noteOf(recorder, calls, tracks, waitsFor, more),
  }
}

function noteOf (
  recorder: TimelineRecorder,
  calls: number,
  tracks: number,
  waitsFor: 'pace' | 'retry' | null,
  { retries = 0, limits = 0 } = {}
): void {
  const waiting: Reading['waiting'] = waitsFor === null ? null : { for: waitsFor, until: null, detail: 'x' }
  recorder.note({ cost: { calls, retries }, limits, waiting, progress: { albumsListed: 20, albumsFetched: 4, tracks } })
}

const point = (atMs: number, more: Partial<TimelinePoint>): TimelinePoint =>
  ({ atMs, calls: 0, retries: 0, limited: 0, waitMs: NO_WAIT, albumsListed: 20, albumsFetched: 4, tracks: 0, ...more })

t.test('each second tells what was counted in it, and how far the run was at its end', async (t) => {
  const { clock, points, show } = record()
  show(0, 0)
  await clock.pass(300)
  show(3, 10)
  await clock.pass(600)
  show(5, 41, null, { retries: 1, limits: 2 })
  await clock.pass(600)
  show(6, 50, null, { retries: 1, limits: 2 })
  t.strictSame(points(), [
    point(0, { calls: 5, retries: 1, limited: 2, tracks: 41 }),
    point(1000, { calls: 1, tracks: 50 }),
  ])
})

t.test('a second in which nothing happened is left out', async (t) => {
  const { clock, points, show } = record()
  show(1, 5)
  await clock.pass(3500)
  show(1, 5)
  await clock.pass(1000)
  show(2, 5)
  t.strictSame(points().map(({ atMs }) => atMs), [0, 4000])
})

t.test('a wait counts in each second that it lasts in, by its reason', async (t) => {
  const { clock, points, show } = record()
  await clock.pass(700)
  show(1, 5, 'pace')
  await clock.pass(1500)
  show(1, 5, 'retry')
  await clock.pass(100)
  show(2, 6)
  await clock.pass(100)
  show(2, 6)
  t.strictSame(points().map(({ waitMs }) => waitMs), [
    { ...NO_WAIT, pace: 300 },
    { ...NO_WAIT, pace: 1000 },
    { ...NO_WAIT, pace: 200, retry: 100 },
  ])
})

t.test('a later execution goes on after the earlier one, at its time, and tells ' +
  'how long it was in the queue', async (t) => {
  const HOUR_MS = 3_600_000
  const earlier = { stepMs: 1000, points: [point(2000, { calls: 9, tracks: 41 })] }
  const { recorder, points, show } = record({ earlier, startedAtMs: START_MS - HOUR_MS, queuedMs: 1500 })
  show(9, 41)
  show(12, 41)
  t.strictSame(points(), [
    earlier.points[0],
    point(HOUR_MS, { calls: 3, tracks: 41, waitMs: { ...NO_WAIT, queue: 1500 } }),
  ])
  t.equal(recorder.steps().stepMs, 1000)
})

t.test('a wall clock that was set back never brings the points out of order', async (t) => {
  const earlier = { stepMs: 1000, points: [point(60_000, { calls: 9, tracks: 41 })] }
  const { clock, points, show } = record({ earlier, startedAtMs: START_MS + 5000 })
  show(9, 41)
  clock.jump(-3_600_000)
  await clock.pass(1000)
  show(10, 41)
  t.strictSame(points().map(({ atMs, calls }) => [atMs, calls]), [[60_000, 9], [61_000, 1]])
})

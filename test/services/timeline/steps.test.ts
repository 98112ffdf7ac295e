import fc from 'fast-check'
import t from 'tap'
import type { TimelinePoint, TimelineSteps } from '../../../src/schemas/timeline.ts'
import { MAX_POINTS, NO_STEPS, bounded, withPoint } from '../../../src/services/timeline/steps.ts'

const POINT: TimelinePoint = {
  atMs: 0,
  calls: 0,
  retries: 0,
  limited: 0,
  waitMs: { pace: 0, pause: 0, retry: 0, queue: 0 },
  albumsListed: 0,
  albumsFetched: 0,
  tracks: 0,
}
const at = (atMs: number, more: Partial<TimelinePoint> = {}): TimelinePoint => ({ ...POINT, atMs, ...more })

const count = fc.nat({ max: 1000 })
/** Points in the order of time, close together or hours apart. */
const points = fc.array(fc.record({
  gapMs: fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 24 * 3_600_000 })),
  counted: fc.record({
    calls: count,
    retries: count,
    limited: count,
    waitMs: fc.record({ pace: count, pause: count, retry: count, queue: count }),
    albumsListed: count,
    albumsFetched: count,
    tracks: count,
  }),
}), { maxLength: 600, size: 'max' }).map((all) => {
  let atMs = 0
  return all.map(({ gapMs, counted }) => {
    atMs += gapMs
    return { atMs, ...counted }
  })
})

function sums (all: TimelinePoint[]): number[] {
  const sum = (value: (point: TimelinePoint) => number): number => all.reduce((total, point) => total + value(point), 0)
  return [
    ...[sum(({ calls }) => calls), sum(({ retries }) => retries), sum(({ limited }) => limited)],
    ...(['pace', 'pause', 'retry', 'queue'] as const).map((reason) => sum(({ waitMs }) => waitMs[reason])),
  ]
}

const grown = (all: TimelinePoint[]): TimelineSteps => all.reduce(withPoint, NO_STEPS)

t.test('however many points come, a timeline keeps their sums and their end in at most 240 ' +
  'steps, in the order of time', async (t) => {
  let coarsened = 0
  fc.assert(fc.property(points, (all) => {
    const { stepMs, points: kept } = grown(all)
    const isAligned = kept.every(
      ({ atMs }, place) => atMs % stepMs === 0 && (place === 0 || atMs > (kept[place - 1]?.atMs ?? 0))
    )
    const isNear = kept.length === 0 || (kept.at(-1)?.atMs ?? 0) + stepMs > (all.at(-1)?.atMs ?? 0)
    const {
      atMs: _at,
      calls: _calls,
      retries: _retries,
      limited: _limited,
      waitMs: _waits,
      ...end
    } = kept.at(-1) ?? POINT
    if (stepMs > 1000) coarsened++
    t.strictSame(sums(kept), sums(all))
    t.match(all.at(-1) ?? POINT, end, 'how far the run is, the last point tells')
    return kept.length <= MAX_POINTS && isAligned && isNear && Number.isInteger(Math.log2(stepMs / 1000))
  }), { numRuns: 40 })
  t.ok(coarsened > 0, 'some of them were too many')
})

t.test('bounding a bounded timeline changes nothing, and all points at once give ' +
  'what one after the other gave', async (t) => {
  fc.assert(fc.property(points, (all) => {
    const steps = grown(all)
    t.strictSame(bounded(steps), steps)
    const once = bounded({
      stepMs: 1000,
      points: [...new Map(all.map((point) => [Math.floor(point.atMs / 1000), point])).values()],
    })
    return once.stepMs <= steps.stepMs
  }), { numRuns: 40 })
})

t.test('steps grow only where there are too many points: a pause of twelve ' +
  'hours costs none of the detail', async (t) => {
  const HOURS_12 = 12 * 3_600_000
  const seconds = (count: number, fromMs: number): TimelinePoint[] =>
    Array.from({ length: count }, (_, second) => at(fromMs + second * 1000, { calls: 3 }))
  const paused = grown([...seconds(60, 0), ...seconds(60, HOURS_12)])
  t.match(paused, { stepMs: 1000, points: { length: 120 } })
  t.equal(paused.points[60]?.atMs, HOURS_12)
  t.match(grown(seconds(240, 0)), { stepMs: 1000, points: { length: 240 } })
  t.match(grown(seconds(241, 0)), { stepMs: 2000, points: { length: 121 } })
  t.match(grown(seconds(3600, 0)), { stepMs: 16_000, points: { length: 225 } }, 'an hour')
})

import t from 'tap'
import type { Run, Waiting } from '../../../src/schemas/run.ts'
import { completeRequest } from '../../../src/services/runs/request.ts'
import { reportStandstill, toWaiting, waitingOf } from '../../../src/services/runs/standstill.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { NO_COST } from '../../../src/services/spotify/cost.ts'

const NOW_MS = Date.parse('2026-11-22T13:40:59.000Z')
const LATER = '2026-11-22T13:41:59.000Z'
const EARLIER = '2026-11-22T13:39:59.000Z'
const PACE: Waiting = { for: 'pace', until: LATER, detail: '90 of 90 calls in 30 s' }
const QUOTA = { code: 'quota_exceeded', detail: 'the quota is spent' }

function runOf (id: string, change: Partial<Run> = {}): Run {
  return { ...newRecord(id, completeRequest({}, 1000), NOW_MS).run, ...change }
}

const queue = (detail: string): Waiting => ({ for: 'queue', until: null, detail })

const CASES: Array<
  [title: string, run: Partial<Run>, ahead: number | null, others: number, expected: Waiting | null]
> = [
  ['ended', { status: 'succeeded', finishedAt: EARLIER, waiting: PACE }, null, 0, null],
  ['queued here, behind two', { status: 'queued' }, 2, 0, queue('2 runs before it')],
  ['queued here, behind one', { status: 'queued' }, 1, 0, queue('1 run before it')],
  ['queued here, the next one, whatever others execute', { status: 'queued' }, 0, 1, queue('it is next')],
  [
    'queued among replicas: those that are executed or older go first',
    { status: 'queued' },
    null,
    2,
    queue('2 runs before it'),
  ],
  ['executed, and nothing waits', { status: 'running' }, null, 0, null],
  ['executed, and its calls wait', { status: 'running', waiting: PACE }, null, 0, PACE],
  ['cut off by a crash, and not begun again', { status: 'running' }, 1, 0, queue('1 run before it')],
  [
    'paused',
    { status: 'paused', resumeAt: LATER, error: QUOTA },
    null,
    0,
    { for: 'pause', until: LATER, detail: 'the quota is spent' },
  ],
  [
    'paused, and nobody knows why',
    { status: 'paused', resumeAt: null },
    null,
    0,
    { for: 'pause', until: null, detail: 'the run is paused' },
  ],
  [
    'paused until a time that is over, and behind another run',
    { status: 'paused', resumeAt: EARLIER, error: QUOTA },
    1,
    0,
    queue('1 run before it'),
  ],
  [
    'paused until a time that is over, among replicas',
    { status: 'paused', resumeAt: EARLIER, error: QUOTA },
    null,
    1,
    queue('1 run before it'),
  ],
]

for (const [title, change, ahead, others, expected] of CASES) {
  t.test(`a run that is ${title}`, async (t) => {
    t.strictSame(waitingOf(runOf('m', change), { ahead, others, nowMs: NOW_MS }), expected)
  })
}

t.test('times are shown as in the rest of the run', async (t) => {
  t.strictSame(toWaiting({ for: 'retry', untilMs: NOW_MS, detail: 'x' }), {
    for: 'retry',
    until: '2026-11-22T13:40:59.000Z',
    detail: 'x',
  })
  t.strictSame(toWaiting({ for: 'pace', untilMs: null, detail: 'x' }), { for: 'pace', until: null, detail: 'x' })
  t.equal(toWaiting(null), null)
})

t.test('a standstill is reported again and again, its end once, a cost that ' +
  'has changed, and nothing else', async (t) => {
  const reports: Array<Waiting | null> = []
  const notes: Run[] = []
  let waiting: Waiting | null = null
  let calls = 0
  let looks = 0
  let wake: () => void = () => {}
  const looked = async (times: number): Promise<void> => {
    const before = looks
    for (;;) {
      await new Promise<void>((resolve) => { wake = resolve })
      if (looks >= before + times) return
    }
  }
  const stop = reportStandstill({
    look () {
      looks++
      setImmediate(() => wake())
      return runOf('m', { status: 'running', waiting, cost: { ...NO_COST, calls } })
    },
    report: (run) => { reports.push(run.waiting) },
    note: (run) => { notes.push(run) },
  })
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  await looked(2)
  t.same(reports, [])
  waiting = PACE
  await looked(3)
  t.same(reports, [PACE, PACE, PACE])
  waiting = null
  await looked(3)
  t.same(reports, [PACE, PACE, PACE, null])
  calls++
  await looked(2)
  t.same(reports, [PACE, PACE, PACE, null, null], 'a call was sent')
  stop()
  t.equal(notes.length, looks, 'each look is noted, also the first and the last one')
})

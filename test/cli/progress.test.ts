import { PassThrough } from 'node:stream'
import t from 'tap'
import { createEstimate, createProgressBar, createProgressLog } from '../../src/cli/progress.ts'
import type { Run } from '../../src/schemas/run.ts'
import { START_MS, createFakeClock } from '../fake-clock.ts'
import { createRecordingLog } from '../services/recording-log.ts'

const RUN = {
  status: 'running',
  request: { limit: 20 },
  progress: { albumsListed: 20, albumsFetched: 5, tracks: 60 },
  cost: { calls: 8 },
  listing: null,
  waiting: null,
} as unknown as Run

/** What the terminal is sent last, without what the bar itself sends to draw. */
function drawn (runs: Run[]): string {
  const terminal = new PassThrough()
  const bar = createProgressBar(terminal, createFakeClock())
  for (const run of runs) bar.update(run)
  bar.stop()
  return String(terminal.read(terminal.readableLength)).split('█').at(-1)?.split('░').at(-1)?.trim() ?? ''
}

t.test('the bar shows how far the run is, the time, and what it waits for', async (t) => {
  t.match(drawn([RUN]), /^5\/20 albums, 60 tracks, 8 calls, 0:00, ETA \?$/)
  t.match(
    drawn([
      RUN,
      {
        ...RUN,
        listing: { exhausted: true, cappedAt: null },
        progress: { albumsListed: 7, albumsFetched: 7, tracks: 80 },
      },
    ]),
    /^7\/7 albums, .*, ETA 0:00$/
  )
  t.match(
    drawn([{ ...RUN, waiting: { for: 'pace', until: '2026-11-26T12:00:00.000Z', detail: '90 of 90 calls in 30 s' } }]),
    /, waits for pace until 2026-11-26T12:00:00.000Z: 90 of 90 calls in 30 s$/
  )
  t.match(
    drawn([
      {
        ...RUN,
        status: 'paused',
        waiting: { for: 'pause', until: '2026-11-26T12:00:00.000Z', detail: 'the quota is spent' },
      },
    ]),
    /, paused until .*: the quota is spent$/
  )
  t.match(drawn([{ ...RUN, status: 'queued' }]), /, queued$/)
})

t.test('no control character of an answer reaches the terminal by the bar', async (t) => {
  const line = drawn([
    { ...RUN, waiting: { for: 'retry', until: null, detail: 'answered 502 with "\u001b]0;owned\u0007\u202e\n{}"' } },
  ])
  t.match(line, /\\u001b\]0;owned\\u0007\\u202e\\u000a\{\}/)
  for (const raw of ['\u0007', '\u202e', '\n', '\u001b]']) t.notOk(line.includes(raw), JSON.stringify(raw))
})

/** The run with so many albums fetched. */
const fetched = (albumsFetched: number, more: Partial<Run> = {}): Run => ({
  ...RUN,
  progress: { albumsListed: 20, albumsFetched, tracks: 0 },
  ...more,
})

t.test('what is left is told from the pace since the run was first seen, and ' +
  'is no shorter than its wait', async (t) => {
  const clock = createFakeClock()
  const timesOf = createEstimate(clock)
  t.strictSame(timesOf(fetched(10)), { elapsedMs: 0, leftMs: null })
  await clock.pass(4000)
  t.strictSame(timesOf(fetched(10)), { elapsedMs: 4000, leftMs: null })
  t.strictSame(timesOf(fetched(12)), { elapsedMs: 4000, leftMs: 16_000 }, '2 in 4 s, and 8 are left')
  const until = new Date(START_MS + 64_000).toISOString()
  t.strictSame(timesOf(fetched(12, { waiting: { for: 'pace', until, detail: 'x' } })), {
    elapsedMs: 4000,
    leftMs: 60_000,
  })
  t.strictSame(
    timesOf(
      fetched(12, {
        listing: { exhausted: true, cappedAt: null },
        progress: { albumsListed: 13, albumsFetched: 12, tracks: 0 },
      })
    ),
    { elapsedMs: 4000, leftMs: 2000 },
    'the listing had 13'
  )
  t.strictSame(timesOf(fetched(20)), { elapsedMs: 4000, leftMs: 0 })
})

t.test('where nobody watches, a line each five seconds says how far the run is, since when, how long ' +
  'still, and what it waits for', async (t) => {
  const clock = createFakeClock()
  const log = createRecordingLog()
  const display = createProgressLog(log, clock)
  display.update(fetched(0))
  await clock.pass(4000)
  display.update(fetched(4))
  t.equal(log.lines.length, 0)
  await clock.pass(1000)
  const until = new Date(START_MS + 35_000).toISOString()
  display.update(fetched(5, { waiting: { for: 'pace', until, detail: '90 of 90 calls in 30 s' } }))
  t.equal(log.lines.length, 1)
  for (const part of ['"albumsFetched":5', '"elapsedSeconds":5', '"etaSeconds":30', '90 of 90 calls in 30 s', until]) {
    t.ok(log.text().includes(part), `${part} in ${log.text()}`)
  }
  display.update(fetched(5, { status: 'paused', waiting: { for: 'pause', until, detail: 'the quota is spent' } }))
  t.match(log.text(), /"status":"paused".*the quota is spent/, 'a pause is said at once')
  display.update(fetched(5, { status: 'paused' }))
  t.equal(log.lines.length, 2)
})

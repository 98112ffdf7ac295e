import { PassThrough } from 'node:stream'
import t from 'tap'
import { createProgressBar } from '../../src/cli/progress.ts'
import { type Run } from '../../src/schemas/run.ts'

const RUN = {
  status: 'running',
  request: { limit: 20 },
  progress: { albumsListed: 20, albumsFetched: 5, tracks: 60 },
  cost: { calls: 8 },
  waiting: null,
} as unknown as Run

/** What the terminal is sent last, without what the bar itself sends to draw. */
function drawn (runs: Run[]): string {
  const terminal = new PassThrough()
  const bar = createProgressBar(terminal)
  for (const run of runs) bar.update(run)
  bar.stop()
  return String(terminal.read(terminal.readableLength)).split('█').at(-1)?.split('░').at(-1)?.trim() ?? ''
}

t.test('the bar shows how far the run is, the time, and what it waits for', async (t) => {
  t.match(drawn([RUN]), /^5\/20 albums, 60 tracks, 8 calls, 0:00, ETA \S+$/)
  t.match(drawn([{ ...RUN, progress: { albumsListed: 0, albumsFetched: 0, tracks: 0 } }]), /ETA \?$/)
  t.match(drawn([{ ...RUN, waiting: { for: 'pace', until: '2026-11-26T12:00:00.000Z', detail: '90 of 90 calls in 30 s' } }]),
    /, waits for pace until 2026-11-26T12:00:00.000Z: 90 of 90 calls in 30 s$/)
  t.match(drawn([{ ...RUN, status: 'paused', waiting: { for: 'pause', until: '2026-11-26T12:00:00.000Z', detail: 'the quota is spent' } }]), /, paused until .*: the quota is spent$/)
  t.match(drawn([{ ...RUN, status: 'queued' }]), /, queued$/)
})

t.test('no control character of an answer reaches the terminal by the bar', async (t) => {
  const line = drawn([{ ...RUN, waiting: { for: 'retry', until: null, detail: 'answered 502 with "\u001b]0;owned\u0007\u202e\n{}"' } }])
  t.match(line, /\\u001b\]0;owned\\u0007\\u202e\\u000a\{\}/)
  for (const raw of ['\u0007', '\u202e', '\n', '\u001b]']) t.notOk(line.includes(raw), JSON.stringify(raw))
})

import t from 'tap'
import { invitation, latencyOf, summary } from '../../src/cli/demo.ts'
import type { Run } from '../../src/schemas/run.ts'

const HOSTILE = 'answered 502 with "\u001b]0;owned\u0007\u009b2J\u202e\nsucceeded: 100 albums"'
const RUN = {
  id: 'an-id',
  status: 'failed',
  progress: { albumsListed: 0, albumsFetched: 0, tracks: 0 },
  cost: { calls: 3, cached: 0 },
  source: { used: 'search', query: HOSTILE, reason: HOSTILE },
  startedAt: '2026-11-26T12:00:00.000Z',
  finishedAt: '2026-11-26T12:00:01.500Z',
  error: { code: 'upstream_unavailable', detail: HOSTILE },
} as unknown as Run

t.test('the summary has a line each for the end, the source, the error and the file, and ' +
  'nothing that a terminal obeys', async (t) => {
  const lines = summary(RUN, 'data/file.json').split('\n')
  t.equal(lines[0], 'failed: 0 albums with 0 tracks in 1.5 s, 3 calls')
  t.match(lines.slice(1), [
    /^source: search answered.*, because answered 502/,
    /^upstream_unavailable: answered 502/,
    /^data\/file.json$/,
  ])
  t.equal(lines.length, 4)
  for (const raw of ['\u0007', '\u009b', '\u202e', '\u001b']) t.notOk(lines.join('').includes(raw), JSON.stringify(raw))
})

t.test('the invitation names the page first, then where to try each route, the run and the sandbox', async (t) => {
  const text = invitation(RUN, 'http://127.0.0.1:3000', 'http://127.0.0.1:4000')
  t.match(text.split('second shell:\n')[1], /^ {2}http:\/\/127\.0\.0\.1:3000\/ +the page/)
  for (const address of [
    'http://127.0.0.1:3000/docs ',
    'http://127.0.0.1:3000/runs/an-id ',
    'http://127.0.0.1:4000/sandbox/stats ',
  ]) { t.ok(text.includes(address), address) }
})

t.test('a latency that is no number of milliseconds is refused', async (t) => {
  t.equal(latencyOf(), 0)
  t.equal(latencyOf('250'), 250)
  t.throws(() => latencyOf('abc'), {
    message: '--latency-ms cannot be "abc": it must be a whole number of milliseconds, of at most 99999',
  })
})

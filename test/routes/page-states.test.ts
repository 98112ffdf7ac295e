import t from 'tap'
import { type Run, RUN_STATUSES } from '../../src/schemas/run.ts'
import { ServiceError } from '../../src/errors.ts'
import { completeRequest } from '../../src/services/runs/request.ts'
import { newRecord } from '../../src/services/runs/transitions.ts'
import { createAlbumPlots } from '../../src/web/album-plots.ts'
import { coverOfContent } from '../../src/web/covers.ts'
import { shownImage } from '../../src/web/site.ts'
import { stateOf } from '../../src/web/state.ts'
import { callsPlot } from '../../src/web/timeline.ts'
import { runPage } from '../../src/web/views/run.ts'
import { startService } from '../service.ts'

const NOW_MS = Date.UTC(2026, 10, 30, 12)
const TIME = '2026-11-30T11:59:00.000Z'
const SITE = {
  path: (path: string) => path,
  asset: (name: string) => `/ui/assets/v/${name}`,
  version: '1.0.0',
  imageOrigins: ['https://i.scdn.co', 'https://*.spotifycdn.com', 'http://127.0.0.1:4000'],
}
const VISIT = { site: SITE, origin: 'http://localhost:3000', hasKeys: false, formToken: null, nowMs: NOW_MS }
const ENDED = { startedAt: TIME, finishedAt: TIME }

function runWith (changes: Partial<Run>): Run {
  const { run } = newRecord(
    '01a203d5-29b8-7587-a80e-df4d1d6e4fbc',
    completeRequest({ source: 'search' }, 1000),
    NOW_MS - 120_000
  )
  return { ...run, ...changes }
}

function shown (run: Run): string {
  return runPage(VISIT, {
    run,
    quality: null,
    before: null,
    changes: null,
    newReleases: 0,
    plots: [callsPlot(null)],
    message: null,
  })
}

const STATES: Array<[name: string, run: Run, texts: string[], buttons: string[]]> = [
  [
    'queued',
    runWith({ waiting: { for: 'queue', until: null, detail: '2 runs before it' } }),
    ['Queued', '(2 runs before it)', 'Waits in the queue: 2 runs before it', 'http-equiv="refresh"'],
    ['Cancel'],
  ],
  [
    'running',
    runWith({ status: 'running', startedAt: TIME, progress: { albumsListed: 80, albumsFetched: 20, tracks: 200 } }),
    ['Running', 'value="20"', 'max="100"', '1 min 00 s', 'about 4 min 00 s'],
    ['Cancel'],
  ],
  [
    'waiting',
    runWith({
      status: 'running',
      startedAt: TIME,
      waiting: { for: 'pace', until: '2026-11-30T12:00:07.000Z', detail: '90 of 90 calls in 30 s' },
    }),
    ['Keeps the pace: 90 of 90 calls in 30 s, until 2026-11-30 12:00:07 UTC'],
    ['Cancel'],
  ],
  [
    'paused',
    runWith({
      status: 'paused',
      startedAt: TIME,
      resumeAt: '2026-11-30T20:00:00.000Z',
      error: { code: 'quota_exceeded', detail: 'Spotify answered 429.' },
    }),
    ['Paused', 'Spotify answered 429.', 'goes on by itself at 2026-11-30 20:00:00 UTC'],
    ['Cancel'],
  ],
  [
    'succeeded',
    runWith({ ...ENDED, status: 'succeeded', listing: { exhausted: true, cappedAt: null } }),
    ['Succeeded', 'Spotify has no more than these.'],
    ['Run again'],
  ],
  [
    'partial',
    runWith({
      ...ENDED,
      status: 'partial',
      gaps: [
        { albumId: 'x', name: 'A name', code: 'album_unavailable', detail: 'gone', expectedTracks: 12, tracks: 2 },
      ],
    }),
    ['Partial', 'Resume it: only what is missing is fetched.', 'album_unavailable', '>10<', '2 of 12 tracks'],
    ['Resume', 'Run again'],
  ],
  [
    'capped',
    runWith({ ...ENDED, status: 'partial', listing: { exhausted: false, cappedAt: 1000 } }),
    ['shows no more', 'at most 1,000 results', 'Ask in smaller portions'],
    ['Resume', 'Run again'],
  ],
  [
    'failed',
    runWith({ ...ENDED, status: 'failed', error: { code: 'listing_empty', detail: 'Nothing was listed.' } }),
    ['Failed', 'Nothing was listed.', 'Change the query'],
    ['Resume', 'Run again'],
  ],
  [
    'canceled',
    runWith({ ...ENDED, status: 'canceled' }),
    ['Canceled', 'Resume it to fetch what is missing'],
    ['Resume', 'Run again'],
  ],
]

for (const [name, run, texts, buttons] of STATES) {
  t.test(`${name}: the page says what happened and what to do next`, async (t) => {
    const page = shown(run)
    for (const text of [...texts, 'What next:']) t.ok(page.includes(text), text)
    const offered = [...page.matchAll(/<button class="[a-z]+">([^<]*)<\/button>/g)].map(([, button]) => button)
    t.same(offered, buttons)
    t.equal(page.includes('data-run='), run.finishedAt === null, 'the script follows what has not ended')
    t.equal(page.includes('Delete…'), run.finishedAt !== null)
  })
}

t.test('no state is without words', async (t) => {
  for (const status of RUN_STATUSES) {
    for (const text of Object.values<string>({ ...stateOf(runWith({ status })) })) t.ok(text.length > 0, status)
  }
})

t.test('whatever a run carries stays text', async (t) => {
  const evil = '</title></pre>"><script>alert(1)</script>'
  const page = shown(runWith({
    ...ENDED,
    status: 'failed',
    source: { used: 'search', query: evil, reason: evil },
    request: completeRequest({ source: 'search', query: evil }, 1000),
    trigger: { kind: 'schedule', name: evil },
    error: { code: evil, detail: evil },
    gaps: [{ albumId: evil, name: evil, code: evil, detail: evil, expectedTracks: null, tracks: 0 }],
    cost: { calls: 1, retries: 0, throttledMs: 0, cached: 0, byEndpoint: { [evil]: 1 } },
    file: { name: evil, bytes: 1, sha256: evil },
  }))
  t.notMatch(page, /<script>|"><script/)
})

t.test('an unreachable database is a page that says what to do, and tries again by itself', async (t) => {
  const { app } = await startService(t)
  app.runs.list = async () => {
    throw new ServiceError('storage_failed', 'what is stored cannot be read or changed (ECONNREFUSED)')
  }
  const answer = await app.inject({ url: '/', headers: { accept: 'text/html' } })
  t.equal(answer.statusCode, 503)
  for (const text of ['What is stored cannot be reached', 'ECONNREFUSED', 'What next:', 'http-equiv="refresh"']) {
    t.ok(answer.body.includes(text), text)
  }
  t.match(
    (await app.inject({ url: '/', headers: { accept: 'text/html', 'accept-encoding': 'gzip' } })).headers[
      'content-encoding'
    ],
    'gzip'
  )
})

t.test('only images of hosts that the policy lets in are shown, and links lead to Spotify', async (t) => {
  for (const [url, isShown] of [
    ['https://i.scdn.co/image/x', true], ['https://a.spotifycdn.com/x', true], ['http://127.0.0.1:4000/x', true],
    ['http://i.scdn.co/x', false], ['https://i.scdn.co.evil.example/x', false],
    ['https://evilspotifycdn.com/x', false], ['data:image/png;base64,x', false], ['x', false], [null, false],
  ] as const) t.equal(shownImage(SITE, url) !== null, isShown, String(url))
  const content = {
    name: ' ',
    artists: [
      { id: null, name: 'A' },
      { id: null, name: null },
    ],
    releaseDate: null,
    url: 'https://evil.example/x',
    imageUrl: null,
  }
  t.match(coverOfContent(SITE, 'a b', content), {
    name: 'a b',
    artists: 'A',
    url: 'https://open.spotify.com/album/a%20b',
  })
  t.match(coverOfContent(SITE, 'x', null), { name: 'x', url: 'https://open.spotify.com/album/x' })
})

t.test('plots count what is there, and pass over what is odd', async (t) => {
  const plots = createAlbumPlots()
  for (const album of [
    null,
    7,
    {},
    { release_date: 'soon', tracks: { items: 'x' } },
    {
      release_date: '2026-11-27',
      tracks: { items: [{ duration_ms: 61_000 }, { duration_ms: '1' }, null, { duration_ms: 1e9 }] },
    },
  ]) { plots.add(album) }
  const [dates, tracks, durations] = plots.plots()
  t.same(dates?.rows, [['2026-11-27', 1]])
  t.same(tracks?.rows, [['0', 4], ['4', 1]])
  t.same(durations?.rows, [['1:00–1:30', 1], ['10:00 or more', 1]])
  const many = createAlbumPlots()
  for (let day = 0; day < 200; day++) {
    many.add({ release_date: new Date(NOW_MS - day * 86_400_000).toISOString().slice(0, 10) })
  }
  t.ok(many.plots()[0]?.rows?.every(([date]) => /^\d{4}-\d{2}$/.test(String(date))), 'many days are shown by months')
})

t.test('the line of calls falls to zero where steps are missing', async (t) => {
  const point = (atMs: number) => ({
    atMs,
    calls: 1,
    retries: 0,
    limited: 0,
    waitMs: { pace: 0, pause: 0, retry: 0, queue: 0 },
  })
  const { rows } = callsPlot({ stepMs: 1000, points: [point(0), point(1000), point(3000), point(9000)] })
  t.same(rows?.map(([second, calls]) => [second, calls]), [[0, 1], [1, 1], [2, 0], [3, 1], [4, 0], [8, 0], [9, 1]])
})

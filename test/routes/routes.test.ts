import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import type { Problem } from '../../src/schemas/problem.ts'
import { type Service, startService } from '../service.ts'

const UNKNOWN_ID = uuidv7()

t.test('POST /ingest answers 202 with the run, where it is, and when to ask', async (t) => {
  const service = await startService(t)
  const answer = await service.post()
  t.equal(answer.statusCode, 202)
  const run = await answer.body.json() as { id: string }
  t.match(run, {
    status: /^(queued|running)$/,
    complete: null,
    request: { source: 'auto', limit: 100, pagination: 'next', market: null, refresh: false },
    progress: { albumsListed: 0, albumsFetched: 0, tracks: 0 },
    gaps: [],
    error: null,
    file: null,
  })
  t.equal(answer.headers['location'], `/runs/${run.id}`)
  t.equal(answer.headers['retry-after'], '1')
})

t.test('GET /runs/{id}: 202 with the run until it has ended, then 200 with the ' +
  'stored bytes; /status always 200', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 10 } })
  const { id } = await (await service.post({ limit: 20 })).body.json() as { id: string }
  const early = await service.get(`/runs/${id}`)
  t.equal(early.statusCode, 202)
  t.match(early.headers, { 'retry-after': '1', 'content-type': /^application\/json/ })
  t.match(await early.body.json(), { id, finishedAt: null })
  const run = await service.ingest({ limit: 20 })
  t.equal(run.id, id, 'an equal request while the run goes on gives that run')

  const answer = await service.get(`/runs/${id}`)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-length'], String(run.file?.bytes))
  t.match(answer.headers['content-disposition'], /album_items_\d{8}T\d{6}Z_[0-9a-f]{6}\.json/)
  const text = await answer.body.text()
  const { albums, ...rest } = JSON.parse(text) as Record<string, unknown>
  t.equal(Buffer.byteLength(text), run.file?.bytes)
  t.equal((albums as unknown[]).length, 20)
  const { file, ...withoutFile } = run
  t.strictSame(
    rest,
    { ...withoutFile, quality: null },
    'the document is the run without file and verdict, and its albums'
  )
  t.equal(
    file?.name,
    `album_items_${(run.startedAt ?? '').slice(0, 19).replace(/[-:]/g, '')}Z_${id.slice(-6)}.json`,
    'named after the start of the run and the end of its id'
  )

  const status = await service.get(`/runs/${id}/status`)
  t.equal(status.statusCode, 200)
  t.strictSame(await status.body.json(), run)
})

t.test('a body may be left out in every way that clients leave it out', async (t) => {
  const service = await startService(t)
  const noBody = await service.app.inject({ method: 'POST', url: '/ingest' })
  const emptyJson = await service.app.inject({
    method: 'POST',
    url: '/ingest',
    headers: { 'content-type': 'application/json' },
    payload: '',
  })
  const braces = await service.app.inject({ method: 'POST', url: '/ingest', payload: {} })
  for (const { statusCode } of [noBody, emptyJson, braces]) t.equal(statusCode, 202)
})

const album = '0'.repeat(22)
const BAD_BODIES: Array<[body: unknown, detail: RegExp]> = [
  [{ limit: 0 }, /body\.limit must be >= 1/],
  [{ limit: '5' }, /body\.limit must be integer/],
  [{ limit: 1.5 }, /body\.limit must be integer/],
  [{ limit: 1001 }, /1001 albums are more than MAX_ALBUMS_PER_RUN allows \(1000\)/],
  [{ source: 'spotify' }, /body\.source must be one of auto, new-releases, search, artists, albums/],
  [{ pagination: 'cursor' }, /body\.pagination must be one of next, offset/],
  [{ market: 'de' }, /body\.market must be ISO 3166-1 alpha-2/],
  [{ limits: 5 }, /body has an unknown field "limits"/],
  [{ limit: 0, pagination: 1, other: true }, /^body has an unknown field "other"$/],
  [{ [`x\u001b[31m${'y'.repeat(500)}`]: 1 }, /^body has an unknown field "x\\u001b\[31my{40,60}…"$/],
  [{ query: 'x' }, /query is only for source "search"/],
  [{ source: 'albums' }, /source "albums" needs albumIds/],
  [{ source: 'albums', albumIds: [] }, /body\.albumIds must NOT have fewer than 1 items/],
  [{ source: 'albums', albumIds: [album], limit: 3 }, /limit does not go with source "albums"/],
  [
    { source: 'albums', albumIds: ['../../etc/passwd'] },
    /body\.albumIds\.0 must be a Spotify id, URI or open\.spotify\.com link/,
  ],
  [
    { source: 'albums', albumIds: Array.from({ length: 400 }, (_, place) => `wrong ${place}`) },
    /^body\.albumIds\.0 must be a Spotify id[^;]*$/,
  ],
  [{ source: 'albums', albumIds: [`spotify:artist:${album}`] }, /body\.albumIds\.0 must be/],
  [{ source: 'artists' }, /source "artists" needs artistIds/],
  [{ source: 'artists', artistIds: Array.from({ length: 51 }, () => album) }, /must NOT have more than 50 items/],
  [[], /body must be object/],
  [null, /body must be object|Body/],
]

t.test('a wrong body is refused with what is wrong, and starts nothing', async (t) => {
  const service = await startService(t)
  for (const [body, detail] of BAD_BODIES) {
    const answer = await service.app.inject({
      method: 'POST',
      url: '/ingest',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(body),
    })
    isProblem(t, answer, 400, 'invalid_request')
    t.match(answer.json<Problem>().detail, detail)
  }
  const malformed = await service.app.inject({
    method: 'POST',
    url: '/ingest',
    headers: { 'content-type': 'application/json' },
    payload: '{"limit": 5',
  })
  isProblem(t, malformed, 400, 'invalid_request')
  isProblem(
    t,
    await service.app.inject({
      method: 'POST',
      url: '/ingest',
      headers: { 'content-type': 'text/plain' },
      payload: '{"limit":5}',
    }),
    415,
    'unsupported_media_type'
  )
  const form = await service.app.inject({
    method: 'POST',
    url: '/ingest',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'limit=5',
  })
  isProblem(t, form, 415, 'unsupported_media_type')
  t.match(form.json<Problem>().detail, /content-type: application\/json/)
  const huge = await service.app.inject({
    method: 'POST',
    url: '/ingest',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ query: 'x'.repeat(2 ** 16) }),
  })
  isProblem(t, huge, 413, 'payload_too_large')
  t.match(huge.json<Problem>().detail, /64 KiB.*plain ids/)
  t.equal(service.sandbox.sandbox.stats().calls, 0)
})

t.test('what is not there is 404 with a code; ids that try to leave the folder too', async (t) => {
  const service = await startService(t)
  for (const id of [UNKNOWN_ID, 'x', '../nowhere', '%2e%2e%2f%2e%2e%2fetc%2fpasswd', `${UNKNOWN_ID}%00`, '%ff']) {
    for (const path of [`/runs/${id}`, `/runs/${id}/status`]) {
      const answer = await service.app.inject({ url: path })
      t.ok([400, 404].includes(answer.statusCode), `${path} ${answer.statusCode}`)
      t.match(answer.headers['content-type'], /^application\/problem\+json/, path)
    }
  }
  const long = await service.app.inject({ url: `/runs/${'x'.repeat(500)}`, headers: { 'x-request-id': 'mine' } })
  t.match([long.headers['x-request-id'], long.json<Problem>().requestId], ['mine', 'mine'])
  isProblem(t, await service.app.inject({ url: `/runs/${UNKNOWN_ID}` }), 404, 'run_not_found')
  isProblem(t, await service.app.inject({ url: '/nowhere?x=1' }), 404, 'route_not_found')
})

t.test('too many runs are refused with when to come back; the refused one leaves nothing behind', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 300 }, env: { MAX_QUEUED_RUNS: '1' } })
  for (const limit of [1, 2]) t.equal((await service.post({ limit })).statusCode, 202)
  const answer = await service.app.inject({ method: 'POST', url: '/ingest', payload: { limit: 3 } })
  isProblem(t, answer, 503, 'queue_full')
  t.match(answer.headers, { 'retry-after': '30' })
  await service.app.runs.cancel((await service.app.runs.start({ limit: 1 })).id)
  const canceled = (await service.app.runs.list({ statuses: ['canceled'], limit: 1, before: null })).runs[0]?.id ?? ''
  t.equal((await service.post({ limit: 3 })).statusCode, 202)
  isProblem(t, await service.app.inject({ method: 'POST', url: `/runs/${canceled}/resume` }), 503, 'queue_full')
  t.match(await service.app.runs.get(canceled), { status: 'canceled' }, 'what was refused stays as it is')
  t.match(await service.ingest({ limit: 3 }), { status: 'succeeded' }, 'what was accepted is done')
  t.equal(
    (await service.app.inject({ method: 'POST', url: `/runs/${canceled}/resume` })).statusCode,
    202,
    'then there is room again'
  )
})

t.test('200 equal requests at once start one run', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 60_000 } })
  const answers = await Promise.all(Array.from({ length: 200 }, async () => await service.post()))
  const ids = await Promise.all(answers.map(async ({ body }) => (await body.json() as { id: string }).id))
  t.equal(new Set(ids).size, 1)
})

t.test('the health probes answer 200', async (t) => {
  const service = await startService(t)
  for (const path of ['/health/live', '/health/ready']) {
    const answer = await service.get(path)
    t.equal(answer.statusCode, 200)
    t.strictSame(await answer.body.json(), { status: 'ok' })
  }
})

t.test('with API_KEYS every route but the probes wants one of them', async (t) => {
  const service = await startService(t, { env: { API_KEYS: 'first-key, second-key' } })
  const send = async (url: string, headers: Record<string, string>) => await service.app.inject({ url, headers })
  for (const headers of [
    {},
    { authorization: 'Bearer wrong' },
    { authorization: 'Basic first-key' },
    { 'x-api-key': 'first-key, second-key' },
    { 'x-api-key': '' },
  ]) {
    for (const url of [`/runs/${UNKNOWN_ID}`, '/nowhere', '/health/../runs/x']) {
      isProblem(t, await send(url, headers), 401, 'unauthorized')
    }
  }
  for (const headers of [{ authorization: 'Bearer first-key' }, { 'x-api-key': 'second-key' }]) {
    t.equal((await send(`/runs/${UNKNOWN_ID}`, headers)).statusCode, 404)
  }
  t.equal((await send('/health/live', {})).statusCode, 200)
  t.equal((await send('/health/ready', {})).statusCode, 200)
})

t.test('a bug is a 500 that says nothing of the inside; the log says all under the same id', async (t) => {
  const service: Service = await startService(t)
  service.app.runs.waitForEnd = async () => { throw new Error('the inside') }
  const answer = await service.app.inject({ url: `/runs/${UNKNOWN_ID}` })
  isProblem(t, answer, 500, 'internal_error')
  t.notMatch(answer.body, /the inside/)
  const { requestId } = answer.json<Problem>()
  t.ok(service.log().split('\n').some((line) => line.includes(requestId) && line.includes('the inside')))
})

function isProblem (
  t: Parameters<typeof startService>[0],
  answer: { statusCode: number, headers: object, json: <T>() => T },
  status: number,
  code: string
): void {
  t.equal(answer.statusCode, status)
  t.match(answer.headers, { 'content-type': /^application\/problem\+json/ })
  t.match(answer.json<Problem>(), {
    type: 'about:blank',
    title: String,
    status,
    detail: String,
    code,
    requestId: /^[0-9a-f-]{36}$/,
  })
}

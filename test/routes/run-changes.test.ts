import t from 'tap'
import { request } from 'undici'
import { v7 as uuidv7 } from 'uuid'
import type { Problem } from '../../src/schemas/problem.ts'
import type { Run } from '../../src/schemas/run.ts'
import { type Service, ended, startService } from '../service.ts'

interface Changes {
  runId: string
  since: string
  gaps: { before: Run['gaps'], after: Run['gaps'] }
  listing: { before: { whole: boolean, reason: string | null }, after: { whole: boolean, reason: string | null } }
  changed: Array<{ albumId: string }>
  added: Array<{ albumId: string, name: string | null, listedBefore: boolean | null }>
  delisted: Array<{ albumId: string }>
  unknown: Array<{ albumId: string, reason: string }>
  counts: Record<string, number>
}

async function call (
  { url }: Service,
  path: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET'
) {
  const answer = await request(url + path, { method, headers })
  const text = await answer.body.text()
  const { statusCode } = answer
  return { statusCode, headers: answer.headers, text, json: <T = Changes>(): T => JSON.parse(text) as T }
}

async function idsOf (service: Service, id: string): Promise<string[]> {
  return (await service.document(id)).albums.map((album) => album.id)
}

const ALL = { source: 'search', limit: 100 }

t.test('what a whole listing lacks is delisted, what it has more is added, and each document is ' +
  'compared with the one before', async (t) => {
  const service = await startService(t, { sandbox: { albums: 30 } })
  const first = await service.ingest(ALL)
  t.match(first, { listing: { exhausted: true } })
  service.sandbox.sandbox.change({ albums: 20 })
  const second = await service.ingest(ALL)
  service.sandbox.sandbox.change({ albums: 30 })
  const third = await service.ingest(ALL)
  const [all, some] = [await idsOf(service, first.id), await idsOf(service, second.id)]
  const gone = all.filter((id) => !some.includes(id))
  t.ok(gone.length > 0)

  const shrunk = (await call(service, `/runs/${second.id}/changes`)).json()
  t.match(shrunk, {
    runId: second.id,
    since: first.id,
    gaps: { before: [], after: [] },
    listing: { before: { whole: true, reason: null }, after: { whole: true, reason: null } },
  })
  t.same(shrunk.delisted.map(({ albumId }) => albumId).sort(), gone.sort())
  t.same([shrunk.added, shrunk.unknown], [[], []])
  t.same(shrunk.counts, { added: 0, changed: shrunk.changed.length, delisted: gone.length, unknown: 0 })

  const grown = (await call(service, `/runs/${third.id}/changes`)).json()
  t.equal(grown.since, second.id)
  t.same(grown.added.map(({ albumId }) => albumId).sort(), gone)
  t.same([...new Set(grown.added.map(({ listedBefore }) => listedBefore))], [false])
  t.same((await call(service, `/runs/${third.id}/changes?since=${first.id}`)).json().counts, {
    added: 0,
    changed: 0,
    delisted: 0,
    unknown: 0,
  })
})

t.test('what a gap or the limit may hide is unknown, and the gaps of both sides are named', async (t) => {
  const service = await startService(t, { sandbox: { albums: 30 }, env: { ALBUM_CACHE_HOURS: '0' } })
  const whole = await service.ingest(ALL)
  service.sandbox.sandbox.change({ faults: [{ kind: 'null-item', endpoint: 'search' }] })
  const lossy = await service.ingest(ALL)
  t.match(lossy, { status: 'partial', gaps: [{ code: 'listing_incomplete', albumId: null }] })
  const changes = (await call(service, `/runs/${lossy.id}/changes`)).json()
  t.match(changes, {
    gaps: { before: [], after: lossy.gaps },
    listing: { after: { whole: false, reason: 'listing_incomplete' } },
    delisted: [],
  })
  t.ok(changes.unknown.length > 0)
  t.same([...new Set(changes.unknown.map(({ reason }) => reason))], ['listing_incomplete'])
  t.same(
    [...(await idsOf(service, lossy.id)), ...changes.unknown.map(({ albumId }) => albumId)].sort(),
    (await idsOf(service, whole.id)).sort()
  )

  service.sandbox.sandbox.change({ faults: [] })
  const again = await service.ingest(ALL)
  const back = (await call(service, `/runs/${again.id}/changes`)).json()
  t.match(back, { since: lossy.id, gaps: { before: lossy.gaps, after: [] } })
  t.same([...new Set(back.added.map(({ listedBefore }) => listedBefore))], [null], 'they may have been listed before')
})

t.test('the answer has a strong tag, so that it need not be made again', async (t) => {
  const service = await startService(t, { sandbox: { albums: 5 } })
  await service.ingest(ALL)
  const { id } = await service.ingest(ALL)
  const first = await call(service, `/runs/${id}/changes`)
  t.match(first.headers, {
    etag: /^"[0-9a-f]{64}-[0-9a-f]{64}-changes-1"$/,
    'content-type': 'application/json; charset=utf-8',
    'last-modified': /GMT$/,
  })
  const again = await call(service, `/runs/${id}/changes`, { 'if-none-match': String(first.headers['etag']) })
  t.match([again.statusCode, again.text], [304, ''])
  const head = await call(service, `/runs/${id}/changes`, {}, 'HEAD')
  t.match([head.statusCode, head.text, head.headers['etag']], [200, '', first.headers['etag']])
})

t.test('runs that cannot be compared are refused with the reason', async (t) => {
  const service = await startService(t, { sandbox: { albums: 5 } })
  const first = await service.ingest(ALL)
  const other = await service.ingest({ ...ALL, limit: 99 })
  const second = await service.ingest(ALL)
  service.sandbox.sandbox.change({ faults: [{ kind: 'server-error-json', endpoint: 'search' }] })
  const failed = await service.ingest({ ...ALL, limit: 98 })
  t.match(failed, { status: 'failed', file: null })
  service.sandbox.sandbox.change({ faults: [{ kind: 'stall', endpoint: 'search' }] })
  const { id: running } = await (await service.post(ALL)).body.json() as Run

  const cases: Array<[path: string, status: number, code: string]> = [
    [`${second.id}/changes?since=${other.id}`, 400, 'run_not_comparable'],
    [`${second.id}/changes?since=${running}`, 409, 'run_not_finished'],
    [`${second.id}/changes?since=${failed.id}`, 404, 'document_not_found'],
    [`${second.id}/changes?since=latest`, 400, 'invalid_request'],
    [`${second.id}/changes?since=`, 400, 'invalid_request'],
    [`${second.id}/changes?before=${first.id}`, 400, 'invalid_request'],
    [`${first.id}/changes`, 404, 'no_earlier_run'],
    [`${other.id}/changes`, 404, 'no_earlier_run'],
    [`${failed.id}/changes`, 404, 'document_not_found'],
    [`${running}/changes`, 409, 'run_not_finished'],
    [`${running}/changes?since=${first.id}`, 409, 'run_not_finished'],
    ['nobody/changes', 404, 'run_not_found'],
    [`${second.id}/changes?since=${uuidv7()}`, 404, 'run_not_found'],
    [`${second.id}/changes?since=${uuidv7({ msecs: 0 })}`, 410, 'run_expired'],
  ]
  for (const [path, status, code] of cases) {
    const answer = await call(service, `/runs/${path}`)
    t.match([answer.statusCode, answer.json<Problem>()], [status, { status, code, detail: / / }], path)
  }
  service.sandbox.sandbox.change({ faults: [] })
  await service.app.runs.cancel(running)
  t.match(await ended(service.app, running), { status: 'canceled' })

  t.equal(
    (await call(service, `/runs/${first.id}/changes?since=${second.id}`)).json().since,
    second.id,
    'also backwards'
  )
  await service.app.runs.remove(first.id)
  t.match((await call(service, `/runs/${second.id}/changes`)).json<Problem>(), { code: 'no_earlier_run' })
  t.match((await call(service, `/runs/${second.id}/changes?since=${first.id}`)).json<Problem>(), {
    code: 'run_not_found',
  })
})

import t, { type Test } from 'tap'
import { request } from 'undici'
import { TABLES } from '../../src/services/tables/tables.ts'
import type { Table } from '../../src/services/tables/define-table.ts'
import { VERSION } from '../../src/version.ts'
import { storeBigRun } from '../big-document.ts'
import { type Document, type Service, startService } from '../service.ts'
import { createViews, openDuck } from '../services/tables/duckdb.ts'
import { checkContent, checkShape } from '../services/tables/expected.ts'

async function bytesOf (service: Service, path: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const { statusCode, body } = await request(service.url + path, { headers })
  const bytes = Buffer.from(await body.arrayBuffer())
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${bytes.toString()}`)
  return bytes
}

async function problem (
  service: Service,
  path: string,
  headers: Record<string, string> = {}
): Promise<{ statusCode: number, retryAfter: unknown, code: string, detail: string }> {
  const { statusCode, headers: answered, body } = await request(service.url + path, { headers })
  return { statusCode, retryAfter: answered['retry-after'], ...await body.json() as { code: string, detail: string } }
}

const ALBUM_COLUMNS = 'run_id,position,album_id'

for (const tier of ['development', 'extended'] as const) {
  t.test(`the tables of a run of the ${tier} tier hold what its document holds`, async (t) => {
    const service = await startService(t, { sandbox: { tier } })
    const run = await service.ingest({ limit: 100 })
    const document: Document = await service.document(run.id)
    const duck = await openDuck(t)
    await createViews(duck, async (table) => await bytesOf(service, `/runs/${run.id}/tables/${table.name}`))
    await checkShape(t, duck)
    await checkContent(t, duck, document.albums)
    t.strictSame(await duck.query('select distinct run_id from tracks'), [{ run_id: run.id }])
    t.strictSame(await duck.query('select count(label)::int > 50 as labels from albums'), [
      { labels: tier === 'extended' },
    ])
    const file = await duck.store(await bytesOf(service, '/runs/latest/tables/albums'))
    const metadata = await duck.query(
      `select decode(key) as key, decode(value) as value from parquet_kv_metadata(${file})`
    )
    const facts = Object.fromEntries(metadata.map(({ key, value }) => [String(key), String(value)]))
    t.match(facts, { table: 'albums', run_id: run.id, tier, service_version: VERSION })
    t.strictSame(JSON.parse(facts['request'] ?? ''), run.request)
    t.strictSame(JSON.parse(facts['source'] ?? ''), run.source)
  })
}

async function startWithRun (t: Test): Promise<{ service: Service, id: string }> {
  const service = await startService(t)
  return { service, id: (await service.ingest({ limit: 3, source: 'search' })).id }
}

t.test('GET /runs/{id}/tables lists every table with its columns and working links', async (t) => {
  const { service, id } = await startWithRun(t)
  const list = (await (await service.get(`/runs/${id}/tables`)).body.json()) as {
    runId: string
    tables: Array<Pick<Table, 'name' | 'columns'> & { key: string[], links: Record<string, string> }>
  }
  t.equal(list.runId, id)
  t.strictSame(list.tables.map(({ name }) => name), TABLES.map(({ name }) => name))
  t.strictSame(list.tables[1]?.key, ['album_id', 'position'])
  t.match(list.tables[0]?.columns[0], { name: 'run_id', type: 'UTF8', nullable: false, reference: null })
  for (const { links } of list.tables) {
    for (const link of Object.values(links)) t.equal((await service.get(link)).statusCode, 200, link)
  }
  t.strictSame(await (await service.get('/runs/latest/tables')).body.json(), list)
})

const CHOICES: Array<[query: string, accept: string | undefined, contentType: string, extension: string]> = [
  ['', undefined, 'application/vnd.apache.parquet', 'parquet'],
  ['', '*/*', 'application/vnd.apache.parquet', 'parquet'],
  ['', 'text/csv', 'text/csv; charset=utf-8', 'csv'],
  ['', 'application/x-ndjson', 'application/x-ndjson', 'ndjson'],
  ['?format=csv', 'application/x-ndjson', 'text/csv; charset=utf-8', 'csv'],
  ['?format=parquet', 'application/json', 'application/vnd.apache.parquet', 'parquet'],
]

t.test('the format is what ?format= says, else Accept, else Parquet; the name says it too', async (t) => {
  const { service, id } = await startWithRun(t)
  for (const [query, accept, contentType, extension] of CHOICES) {
    const { statusCode, headers, body } = await request(`${service.url}/runs/${id}/tables/tracks${query}`, {
      headers: accept === undefined ? {} : { accept },
    })
    await body.dump()
    t.equal(statusCode, 200)
    t.match(headers, { 'content-type': contentType, 'accept-ranges': 'none', vary: /Accept/ })
    t.match(
      headers['content-disposition'],
      new RegExp(`filename="album_items_\\d{8}T\\d{6}Z_${id.slice(-6)}\\.tracks\\.${extension}"`)
    )
  }
})

t.test('raw=true leaves the cells of CSV as they are', async (t) => {
  const { service, id } = await startWithRun(t)
  const safe = (await bytesOf(service, `/runs/${id}/tables/albums?format=csv`)).toString()
  const raw = (await bytesOf(service, `/runs/${id}/tables/albums?format=csv&raw=true`)).toString()
  t.match(safe, ",'=SUM(A1),")
  t.match(raw, ',=SUM(A1),')
})

t.test('an ETag for each table, format and run: 304 for who has it', async (t) => {
  const { service, id } = await startWithRun(t)
  const paths = ['albums', 'tracks', 'tracks?format=csv', 'tracks?format=csv&raw=true', 'tracks?format=ndjson'].map(
    (rest) => `/runs/${id}/tables/${rest}`
  )
  const tags = new Map<string, string>()
  for (const path of paths) {
    const { headers, body } = await request(service.url + path)
    await body.dump()
    tags.set(String(headers['etag']), path)
    const again = await request(service.url + path, { headers: { 'if-none-match': String(headers['etag']) } })
    t.equal(again.statusCode, 304)
    t.equal(await again.body.text(), '')
    const head = await request(service.url + path, { method: 'HEAD' })
    t.equal(head.headers['etag'], headers['etag'])
    t.equal((await request(service.url + path, { headers: { 'if-match': '"another"' } })).statusCode, 412)
  }
  t.equal(tags.size, paths.length)
  const next = await service.ingest({ limit: 4, source: 'search' })
  t.notOk(tags.has(String((await service.get(`/runs/${next.id}/tables/albums`)).headers['etag'])), 'another run')
  t.strictSame(
    await bytesOf(service, paths[1] ?? ''),
    await bytesOf(service, paths[1] ?? ''),
    'an equal tag means equal bytes'
  )
})

t.test('what does not exist is refused with the list of what does', async (t) => {
  const { service, id } = await startWithRun(t)
  const names = TABLES.map(({ name }) => name).join(', ')
  t.match(await problem(service, `/runs/${id}/tables/songs`), {
    statusCode: 404,
    code: 'table_not_found',
    detail: new RegExp(names),
  })
  t.match(await problem(service, '/runs/latest/tables/songs'), { statusCode: 404, code: 'table_not_found' })
  t.match(await problem(service, `/runs/${id}/tables/tracks?format=orc`), {
    statusCode: 406,
    code: 'not_acceptable',
    detail: /parquet, csv, ndjson/,
  })
  t.match(await problem(service, `/runs/${id}/tables/tracks`, { accept: 'application/json' }), {
    statusCode: 406,
    code: 'not_acceptable',
  })
  t.match(await problem(service, `/runs/${id}/tables/tracks?raw=yes`), { statusCode: 400, code: 'invalid_request' })
  t.match(await problem(service, `/runs/${id}/tables/tracks?columns=name`), {
    statusCode: 400,
    code: 'invalid_request',
  })
  for (const path of ['tables', 'tables/tracks']) {
    t.match(await problem(service, `/runs/01990000-0000-7000-8000-000000000000/${path}`), {
      code: /run_not_found|run_expired/,
    })
  }
})

t.test('a run that left no document has no tables, and says why', async (t) => {
  const service = await startService(t, { sandbox: { albums: 0 } })
  const run = await service.ingest()
  t.match(run, { status: 'failed', file: null })
  for (const path of ['tables', 'tables/tracks']) {
    t.match(await problem(service, `/runs/${run.id}/${path}`), {
      statusCode: 404,
      code: 'document_not_found',
      detail: /^the run is failed and left no document .*listing_empty/,
    })
  }
  t.match(await problem(service, '/runs/latest/tables/tracks'), { statusCode: 404, code: 'run_not_found' })
})

t.test('a run that goes on has no tables yet, and says when to ask again', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 60_000 } })
  const { id } = await (await service.post()).body.json() as { id: string }
  for (const path of ['tables', 'tables/tracks']) {
    const refused = await problem(service, `/runs/${id}/${path}`)
    t.match(refused, { statusCode: 409, code: 'run_not_finished' })
    t.ok(Number(refused.retryAfter) > 0)
  }
})

t.test('a table waits for the other conversions of its client, and HEAD does not', async (t) => {
  const { service, id } = await startWithRun(t)
  const path = `/runs/${id}/tables/tracks`
  const gone = new AbortController()
  const held = await service.app.conversions.begin('127.0.0.1', gone.signal)
  let isAnswered = false
  const answer = bytesOf(service, path).finally(() => { isAnswered = true })
  t.equal((await request(service.url + path, { method: 'HEAD' })).statusCode, 200)
  t.equal(isAnswered, false)
  held.end()
  t.equal((await answer).subarray(0, 4).toString(), 'PAR1')
})

t.test('a client that leaves ends the conversion, and the next one goes on', async (t) => {
  const service = await startService(t)
  const { run } = await storeBigRun(service.dataDir, 16 * 1024 * 1024)
  const leaving = new AbortController()
  const { body } = await request(`${service.url}/runs/${run.id}/tables/tracks?format=csv`, { signal: leaving.signal })
  leaving.abort()
  await t.rejects(body.text())
  t.equal(
    (await bytesOf(service, `/runs/${run.id}/tables/albums?format=csv`)).subarray(0, ALBUM_COLUMNS.length).toString(),
    ALBUM_COLUMNS
  )
})

t.test('a document that is damaged half-way cuts the answer: it never looks like a shorter table', async (t) => {
  const service = await startService(t)
  const { run } = await storeBigRun(service.dataDir, 4 * 1024 * 1024, true)
  for (const query of ['', '?format=csv', '?format=ndjson']) {
    const { body } = await request(`${service.url}/runs/${run.id}/tables/tracks${query}`)
    await t.rejects(body.arrayBuffer())
  }
})

t.test('with API_KEYS, tables want one', async (t) => {
  const service = await startService(t, { env: { API_KEYS: 'k'.repeat(20) } })
  for (const path of ['/runs/latest/tables', '/runs/latest/tables/tracks']) {
    t.match(await problem(service, path), { statusCode: 401, code: 'unauthorized' })
  }
})

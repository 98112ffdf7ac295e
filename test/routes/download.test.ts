import { createHash } from 'node:crypto'
import { open, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { type Socket, createConnection } from 'node:net'
import { once } from 'node:events'
import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'
import t, { type Test } from 'tap'
import { Client, request } from 'undici'
import type { Problem } from '../../src/schemas/problem.ts'
import type { Run } from '../../src/schemas/run.ts'
import { systemClock } from '../../src/services/clock.ts'
import { storeBigRun } from '../big-document.ts'
import { type Document, type Service, skipOnReplicas, startService } from '../service.ts'

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

type Headers = Record<string, string>

/** One run of every odd album, and how to ask for it. */
interface Download {
  service: Service
  run: Run
  document: Document
  path: string
  ask: (headers?: Headers, query?: string, method?: 'GET' | 'HEAD') => Promise<Answer>
}

let shared: Download
/** A small one, where the names do not matter and the requests are many. */
let small: Download

t.before(async () => {
  shared = await download(t)
  small = await download(t, { limit: 5 })
})

async function download (
  t: Test,
  body: unknown = { limit: 100 },
  options: Parameters<typeof startService>[1] = {}
): Promise<Download> {
  const service = await startService(t, options)
  const run = await service.ingest(body)
  const ask: Download['ask'] = async (headers = {}, query = '', method = 'GET') => {
    const answer = await request(`${service.url}/runs/${run.id}${query}`, { method, headers })
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) }
  }
  return {
    service,
    run,
    document: await service.document(run.id),
    path: (await service.app.runs.documentPath(run)) ?? '',
    ask,
  }
}

const TYPES = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  tracks: 'application/json; charset=utf-8',
}
const EXTENSIONS = { json: 'json', ndjson: 'ndjson', csv: 'csv', tracks: 'tracks.json' }
const FORMATS = Object.keys(TYPES) as Array<keyof typeof TYPES>

function nameIn (run: Run, format: keyof typeof TYPES): string {
  return `inline; filename="${run.file?.name.replace('json', EXTENSIONS[format])}"`
}

t.test('each format has its media type, its file name and its own strong validator', async (t) => {
  const etags = new Set<unknown>()
  for (const format of FORMATS) {
    const { status, headers } = await shared.ask({}, `?format=${format}`)
    t.equal(status, 200)
    t.match(headers, {
      'content-type': TYPES[format],
      'content-disposition': nameIn(shared.run, format),
      'accept-ranges': format === 'json' ? 'bytes' : 'none',
      etag: /^"[0-9a-f]{64}(-[a-z0-9-]+)?"$/,
      'last-modified': new Date(Math.floor(Date.parse(shared.run.finishedAt ?? '') / 1000) * 1000).toUTCString(),
      vary: 'Accept, Accept-Encoding',
      'cache-control': 'private, no-cache',
    }, format)
    etags.add(headers.etag)
  }
  etags.add((await shared.ask({ 'accept-encoding': 'gzip' })).headers.etag)
  t.equal(etags.size, FORMATS.length + 1)
})

t.test('json is the stored file, byte for byte', async (t) => {
  const { body, headers } = await shared.ask()
  t.same(body, await readFile(shared.path))
  t.equal(headers['content-length'], String(shared.run.file?.bytes))
  t.equal(headers.etag, `"${shared.run.file?.sha256}"`)
  t.equal(createHash('sha256').update(body).digest('hex'), shared.run.file?.sha256)
})

t.test('ndjson is an album a line, tracks is the tracks of each album', async (t) => {
  const { albums } = shared.document
  const lines = (await shared.ask({}, '?format=ndjson')).body.toString().split('\n')
  t.equal(lines.pop(), '')
  t.same(lines.map((line): unknown => JSON.parse(line)), albums)
  const tracks = (await shared.ask({}, '?format=tracks')).body.toString()
  t.same(JSON.parse(tracks), Object.fromEntries(albums.map((album) => [album.id, album.tracks.items])))
})

t.test('csv has every track with every name as another program reads it, and no ' +
  'cell that starts a formula', async (t) => {
  const text = (await shared.ask({}, '?format=csv')).body.toString()
  const { data, errors } = Papa.parse<Record<string, string>>(text, {
    header: true,
    newline: '\r\n',
    skipEmptyLines: true,
  })
  t.same(errors, [])
  const expected = shared.document.albums.flatMap((album) => album.tracks.items.map((track) => ({
    album_id: album.id,
    album_name: shown(album['name']),
    album_type: shown(album['album_type']),
    release_date: shown(album['release_date']),
    total_tracks: shown(album['total_tracks']),
    disc_number: shown(track['disc_number']),
    track_number: shown(track['track_number']),
    track_id: shown(track['id']),
    track_name: shown(track['name']),
    duration_ms: shown(track['duration_ms']),
    explicit: shown(track['explicit']),
  })))
  t.equal(data.length, shared.run.progress.tracks)
  t.equal(data.length, expected.length)
  t.match(data, expected)
  t.same(data.flatMap((row) => Object.values(row)).filter((cell) => /^[=+\-@\t\r\n]/.test(cell)), [])
  const names = new Set(data.map((row) => row['album_name']))
  for (const name of [
    "'=SUM(A1)",
    "'+1",
    "'-2",
    "'@x",
    "'\t'=cmd|' /C calc'!A0",
    'She said "Hello,\r\nWorld"; then, "Bye"',
    '夜に駆ける 東京',
    'Two\u2028lines',
    '',
  ]) { t.ok(names.has(name), encodeURIComponent(name)) }
})

/**
 * As the table must show a value: an apostrophe before a formula, wherever a cell may begin, and before a leading tab.
 */
function shown (value: unknown): string {
  return String(value).replace(/(^|[,;\t\r\n])( *)(?=[=+\-@])/g, "$1$2'").replace(/^(?=\t)/, "'")
}

const NEGOTIATED: Array<[accept: string, format: keyof typeof TYPES | null]> = [
  ['', 'json'],
  ['*/*', 'json'],
  ['application/*', 'json'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'json'],
  ['application/json', 'json'],
  ['Application/JSON; charset=UTF-8', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['text/csv', 'csv'],
  ['text/*', 'csv'],
  ['text/csv;charset=utf-8', 'csv'],
  ['text/csv;q=0.5, application/x-ndjson;q=0.8', 'ndjson'],
  ['text/csv;q=0.8, application/x-ndjson;q=0.5', 'csv'],
  ['application/json;q=0, */*', 'ndjson'],
  ['application/json;q=0.1, text/csv', 'csv'],
  ['text/html, */*;q=0.1', 'json'],
  ['text/html', null],
  ['application/xml', null],
  ['text/csv;q=0', null],
  ['*/*;q=0', null],
  ['text/csv;charset=utf-16', null],
  ['nonsense', null],
  [',;=,', null],
]

t.test('Accept is negotiated with its q-values', async (t) => {
  for (const [accept, format] of NEGOTIATED) {
    const answer = await small.ask({ accept })
    if (format === null) isProblem(t, answer, 406, 'not_acceptable')
    else t.match(answer, { status: 200, headers: { 'content-type': TYPES[format] } }, accept)
  }
})

t.test('?format= goes before Accept, and another format is 406 whatever Accept says', async (t) => {
  t.match(await small.ask({ accept: 'text/html' }, '?format=csv'), {
    status: 200,
    headers: { 'content-type': TYPES.csv },
  })
  t.match(await small.ask({ accept: 'text/csv' }, '?format=json'), {
    status: 200,
    headers: { 'content-type': TYPES.json },
  })
  for (const format of ['xml', 'JSON', '', 'toString', '__proto__']) {
    isProblem(t, await small.ask({ accept: 'text/csv' }, `?format=${format}`), 406, 'not_acceptable')
  }
  isProblem(t, await small.ask({}, '?format=json&format=csv'), 400, 'invalid_request')
  isProblem(t, await small.ask({}, '?formats=csv'), 400, 'invalid_request')
})

t.test('a format that there is not is refused while the run goes on, too', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 20 } })
  const { id } = await (await service.post({ limit: 20 })).body.json() as Run
  t.equal((await service.get(`/runs/${id}?format=csv`)).statusCode, 202)
  t.equal((await service.get(`/runs/${id}?format=xml`)).statusCode, 406)
})

const ETAG = '"etag"'
const OTHER = '"0123"'
const EARLIER = 'Sun, 06 Nov 1994 08:49:37 GMT'
const LATER = 'Tue, 01 Jan 2999 00:00:00 GMT'
const DATE = 'the date'

/** ETAG stands for the present one, DATE for the present Last-Modified. */
const CONDITIONS: Array<[headers: Headers, status: number]> = [
  [{ 'if-none-match': ETAG }, 304],
  [{ 'if-none-match': `W/${ETAG}` }, 304],
  [{ 'if-none-match': '*' }, 304],
  [{ 'if-none-match': `${OTHER}, "a,b" ,W/${ETAG}` }, 304],
  [{ 'if-none-match': `${OTHER},${ETAG}` }, 304],
  [{ 'if-none-match': OTHER }, 200],
  [{ 'if-none-match': 'nonsense' }, 200],
  [{ 'if-none-match': '' }, 200],
  [{ 'if-modified-since': DATE }, 304],
  [{ 'if-modified-since': LATER }, 304],
  [{ 'if-modified-since': EARLIER }, 200],
  [{ 'if-modified-since': 'yesterday' }, 200],
  [{ 'if-none-match': OTHER, 'if-modified-since': LATER }, 200],
  [{ 'if-none-match': ETAG, 'if-modified-since': EARLIER }, 304],
  [{ 'if-match': ETAG }, 200],
  [{ 'if-match': '*' }, 200],
  [{ 'if-match': `W/${ETAG}` }, 412],
  [{ 'if-match': OTHER }, 412],
  [{ 'if-match': ETAG, 'if-unmodified-since': EARLIER }, 200],
  [{ 'if-match': ETAG, 'if-none-match': ETAG }, 304],
  [{ 'if-unmodified-since': EARLIER }, 412],
  [{ 'if-unmodified-since': DATE }, 200],
  [{ 'if-unmodified-since': 'nonsense' }, 200],
  [{ 'if-none-match': ETAG, range: 'bytes=0-9' }, 304],
]

t.test('conditions are answered by their order of precedence, for GET and HEAD ' +
  'and every format and coding', async (t) => {
  for (const [query, coding] of [
    ['', ''],
    ['', 'gzip'],
    ['?format=csv', ''],
    ['?format=ndjson', ''],
    ['?format=tracks', 'gzip'],
  ] as const) {
    const { headers: present } = await small.ask({ 'accept-encoding': coding }, query, 'HEAD')
    const now = (text: string): string =>
      text.replaceAll(ETAG, String(present.etag)).replaceAll(DATE, String(present['last-modified']))
    for (const method of ['GET', 'HEAD'] as const) {
      for (const [condition, status] of CONDITIONS) {
        const headers = Object.fromEntries(
          Object.entries({ ...condition, 'accept-encoding': coding }).map(([name, value]) => [name, now(value)])
        )
        const answer = await small.ask(headers, query, method)
        t.equal(answer.status, status, `${method} ${query} ${JSON.stringify(condition)}`)
        if (status !== 304) continue
        t.equal(answer.body.length, 0)
        t.match(answer.headers, {
          etag: present.etag,
          'last-modified': present['last-modified'],
          vary: 'Accept, Accept-Encoding',
          'cache-control': 'private, no-cache',
        })
        for (const name of ['content-length', 'content-type', 'content-encoding', 'content-disposition']) {
          t.notOk(name in answer.headers, name)
        }
      }
    }
  }
})

t.test('whoever names the tag is told so without a look at the ' +
  'files; whoever does not, not', {
  skip: skipOnReplicas('with PostgreSQL a document is restored ' +
    'from the database')
}, async (t) => {
  const { ask, path } = await download(t, { limit: 5 })
  const tags = await Promise.all(
    ['', 'gzip'].flatMap((coding) =>
      FORMATS.map(async (format) => ({
        coding,
        format,
        tag: String((await ask({ 'accept-encoding': coding }, `?format=${format}`)).headers.etag),
      }))
    )
  )
  await rm(path)
  await rm(`${path}.gz`)
  for (const { coding, format, tag } of tags) {
    for (const named of [tag, `W/${tag}`, `${OTHER}, ${tag}`]) {
      const answer = await ask({ 'accept-encoding': coding, 'if-none-match': named }, `?format=${format}`)
      t.match(answer, { status: 304, headers: { etag: tag } }, `${coding} ${format} ${named}`)
    }
    isProblem(
      t,
      await ask({ 'accept-encoding': coding, 'if-none-match': OTHER }, `?format=${format}`),
      503,
      'storage_failed'
    )
  }
})

/** A download that the service knows so well that it asks the disk for the bytes alone. */
async function wellKnown (t: Test, limit: number): Promise<Download> {
  let ahead = 0
  const made = await download(
    t,
    { limit },
    { dependencies: { clock: { ...systemClock, monotonic: () => systemClock.monotonic() + ahead } } }
  )
  await made.ask()
  ahead = 60_000
  await made.ask()
  return made
}

t.test('a run that ended a while ago answers as before, and its end, its files and ' +
  'its deletion are seen at once', async (t) => {
  const { ask, path, run, service } = await wellKnown(t, 100)
  for (const coding of ['', 'gzip']) {
    const { headers, body } = await ask({ 'accept-encoding': coding })
    t.same(coding === '' ? body : gunzipSync(body), await readFile(path))
    t.equal((await ask({ 'accept-encoding': coding, 'if-none-match': String(headers.etag) })).status, 304)
    t.same((await ask({ 'accept-encoding': coding, range: 'bytes=7-99' })).body, body.subarray(7, 100))
  }
  await rm(`${path}.gz`)
  t.notOk('content-encoding' in (await ask({ 'accept-encoding': 'gzip' })).headers)
  t.equal((await request(`${service.url}/runs/${run.id}`, { method: 'DELETE' })).statusCode, 204)
  isProblem(t, await ask(), 404, 'run_not_found')
})

t.test('a file that is cut off while the service knows it ' +
  'well is never half a download', {
  skip: skipOnReplicas('with PostgreSQL a document is restored ' +
    'from the database')
}, async (t) => {
  const { ask, path } = await wellKnown(t, 5)
  const whole = await readFile(path)
  for (const file of [path, `${path}.gz`]) await writeFile(file, (await readFile(file)).subarray(0, -10))
  for (const format of FORMATS) isProblem(t, await ask({}, `?format=${format}`), 503, 'storage_failed')
  await rm(`${path}.gz`)
  isProblem(t, await ask({ 'accept-encoding': 'gzip' }), 503, 'storage_failed')
  await writeFile(path, whole)
  t.same((await ask()).body, whole)
})

const ALL = Symbol('all')
type Part = [start: number, end: number] | typeof ALL | 'unsatisfiable'

/** What a Range gives of `size` bytes. */
const RANGES: Array<[range: string, part: (size: number) => Part]> = [
  ['bytes=0-0', () => [0, 0]],
  ['bytes=0-99', () => [0, 99]],
  ['bytes=100-199', () => [100, 199]],
  ['bytes=10-', (size) => [10, size - 1]],
  ['bytes=-10', (size) => [size - 10, size - 1]],
  ['bytes=-99999999', (size) => [0, size - 1]],
  ['bytes=5-99999999999999999999999', (size) => [5, size - 1]],
  ['BYTES=0-4', () => [0, 4]],
  ['bytes= 0-4 ', () => [0, 4]],
  ['bytes=99999999-', () => 'unsatisfiable'],
  ['bytes=99999999-99999999', () => 'unsatisfiable'],
  ['bytes=-0', () => 'unsatisfiable'],
  ['bytes=0-1,5-6', () => ALL],
  ['bytes=5-2', () => ALL],
  ['bytes=a-b', () => ALL],
  ['bytes=-', () => ALL],
  ['bytes', () => ALL],
  ['albums=0-1', () => ALL],
  ['bytes=0-1-2', () => ALL],
]

t.test('a range is given of the file, and of its compressed copy', async (t) => {
  for (const coding of ['identity', 'gzip']) {
    const whole = (await small.ask({ 'accept-encoding': coding })).body
    for (const [range, partOf] of RANGES) {
      const answer = await small.ask({ 'accept-encoding': coding, range })
      const part = partOf(whole.length)
      if (part === 'unsatisfiable') {
        isProblem(t, answer, 416, 'range_not_satisfiable')
        t.equal(answer.headers['content-range'], `bytes */${whole.length}`, range)
        t.notOk('content-disposition' in answer.headers || 'content-encoding' in answer.headers)
      } else if (part === ALL) {
        t.equal(answer.status, 200, range)
        t.same(answer.body, whole, range)
      } else {
        const [start, end] = part
        t.match(
          answer,
          {
            status: 206,
            headers: {
              'content-range': `bytes ${start}-${end}/${whole.length}`,
              'content-length': String(end - start + 1),
            },
          },
          range
        )
        t.same(answer.body, whole.subarray(start, end + 1), range)
      }
    }
  }
})

t.test('a download goes on where it broke off, unless the document has changed', async (t) => {
  const whole = await small.ask()
  const { etag, 'last-modified': modified } = whole.headers as Headers
  const rest = async (ifRange: string) => await small.ask({ range: 'bytes=1000-', 'if-range': ifRange })
  for (const validator of [etag ?? '', modified ?? '']) {
    const answer = await rest(validator)
    t.equal(answer.status, 206)
    t.same(Buffer.concat([whole.body.subarray(0, 1000), answer.body]), whole.body)
  }
  for (const validator of [OTHER, `W/${etag}`, EARLIER, LATER, 'nonsense', `"${small.run.file?.sha256}-gzip"`]) {
    const answer = await rest(validator)
    t.equal(answer.status, 200, validator)
    t.equal(answer.body.length, whole.body.length)
  }
})

t.test('formats that are made while they are sent have no ranges', async (t) => {
  for (const format of ['csv', 'ndjson', 'tracks']) {
    const whole = await small.ask({}, `?format=${format}`)
    const answer = await small.ask({ range: 'bytes=0-9' }, `?format=${format}`)
    t.match(answer, { status: 200, headers: { 'accept-ranges': 'none' } })
    t.same(answer.body, whole.body)
  }
})

t.test('HEAD says what GET would, and sends nothing', async (t) => {
  for (const format of FORMATS) {
    for (const coding of ['identity', 'gzip']) {
      const [get, head] = [
        await small.ask({ 'accept-encoding': coding }, `?format=${format}`),
        await small.ask({ 'accept-encoding': coding }, `?format=${format}`, 'HEAD'),
      ]
      t.equal(head.status, 200)
      t.equal(head.body.length, 0)
      t.same(stable(head.headers), stable(get.headers), `${format} ${coding}`)
    }
  }
  t.match(
    await small.ask({ range: 'bytes=0-9' }, '', 'HEAD'),
    { status: 200, headers: { 'content-length': String(small.run.file?.bytes) } },
    'Range is for GET'
  )
  t.equal((await small.ask({}, '?format=xml', 'HEAD')).status, 406)
})

/** Without what differs from one answer to the next. */
function stable ({
  date: _date,
  'x-request-id': _id,
  'transfer-encoding': _transfer,
  connection: _connection,
  'keep-alive': _keepAlive,
  ...headers
}: IncomingHttpHeaders): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-ratelimit')))
}

const CODINGS: Array<[accepted: string | undefined, isGzip: boolean]> = [
  [undefined, false],
  ['', false],
  ['identity', false],
  ['gzip', true],
  ['GZIP', true],
  ['gzip, deflate, br, zstd', true],
  ['br', false],
  ['*', true],
  ['gzip;q=0', false],
  ['*, gzip;q=0', false],
  ['gzip;q=0.5, identity;q=1', false],
  ['gzip;q=1, identity;q=0.5', true],
  ['gzip;q=0.001', true],
  ['identity;q=0', false],
]

t.test('gzip is for the clients that prefer it, and the copy holds the same document', async (t) => {
  const document = await readFile(shared.path)
  for (const [accepted, isGzip] of CODINGS) {
    const answer = await shared.ask(accepted === undefined ? {} : { 'accept-encoding': accepted })
    t.equal(answer.headers['content-encoding'], isGzip ? 'gzip' : undefined, accepted ?? 'no header')
    t.equal(answer.headers['content-length'], String(answer.body.length))
    t.match(answer.headers, { 'content-type': TYPES.json, 'content-disposition': nameIn(shared.run, 'json') })
    t.same(isGzip ? gunzipSync(answer.body) : answer.body, document)
  }
  const { body } = await shared.ask({ 'accept-encoding': 'gzip' })
  t.same(body, await readFile(`${shared.path}.gz`), 'as stored')
  t.ok(body.length < document.length / 4)
})

t.test('the other formats are sent as they are, whatever the client accepts', async (t) => {
  for (const format of ['csv', 'ndjson', 'tracks']) {
    const { headers, body } = await shared.ask({ 'accept-encoding': 'gzip' }, `?format=${format}`)
    t.notOk('content-encoding' in headers)
    t.same(body, (await shared.ask({}, `?format=${format}`)).body)
  }
})

t.test('without its compressed copy the document itself is sent', async (t) => {
  const { ask, path, run } = await download(t, { limit: 5 })
  await rm(`${path}.gz`)
  const answer = await ask({ 'accept-encoding': 'gzip' })
  t.notOk('content-encoding' in answer.headers)
  t.equal(answer.body.length, run.file?.bytes)
  t.equal(answer.headers.etag, `"${run.file?.sha256}"`)
})

t.test('a document that is gone, cut or garbled is restored from its compressed copy, in every format', async (t) => {
  const { ask, path, run } = await download(t, { limit: 5 })
  const whole = await Promise.all(FORMATS.map(async (format) => (await ask({}, `?format=${format}`)).body))
  const garble = async (): Promise<void> => {
    const file = await open(path, 'r+')
    await file.write('x'.repeat(4), Math.floor((run.file?.bytes ?? 0) / 2))
    await file.close()
  }
  const cut = async (): Promise<void> => await writeFile(path, (await readFile(path)).subarray(0, -10))
  for (const damage of [garble, cut, async () => await rm(path)]) {
    for (const [index, format] of FORMATS.entries()) {
      await damage()
      t.same((await ask({}, `?format=${format}`)).body, whole[index], format)
    }
  }
})

t.test('a document that is damaged like its compressed copy is 503, in every ' +
  'format, and never half a download', {
  skip: skipOnReplicas('with PostgreSQL a document is restored ' +
    'from the database')
}, async (t) => {
  const { ask, path } = await download(t, { limit: 5 })
  await writeFile(path, (await readFile(path)).subarray(0, -10))
  await writeFile(`${path}.gz`, (await readFile(`${path}.gz`)).subarray(0, -10))
  for (const format of FORMATS) {
    isProblem(t, await ask({ 'accept-encoding': 'gzip' }, `?format=${format}`), 503, 'storage_failed')
  }
  await rm(path)
  await rm(`${path}.gz`)
  for (const format of FORMATS) isProblem(t, await ask({}, `?format=${format}`), 503, 'storage_failed')
})

t.test('a run that ended without any album is a document without albums, in every format', async (t) => {
  const { ask, run } = await download(t, { limit: 5 }, { sandbox: { albums: 0 } })
  t.match(run, { status: 'failed', file: null })
  const { file: _file, ...rest } = run
  const json = await ask({ 'accept-encoding': 'gzip' })
  t.strictSame(JSON.parse(json.body.toString()), { ...rest, albums: [] })
  t.match(json.headers, {
    'content-type': TYPES.json,
    'content-length': String(json.body.length),
    'content-disposition': /album_items_\d{8}T\d{6}Z_[0-9a-f]{6}\.json"$/,
  })
  t.equal((await ask({}, '?format=ndjson')).body.toString(), '')
  t.match((await ask({}, '?format=csv')).body.toString(), /^album_id,[a-z_,]+\r\n$/)
  t.same(JSON.parse((await ask({}, '?format=tracks')).body.toString()), {})
  t.equal((await ask({ 'if-none-match': String(json.headers.etag) })).status, 304)
  t.same((await ask({ range: 'bytes=1-4' })).body, json.body.subarray(1, 5))
  t.match(await ask({}, '', 'HEAD'), { status: 200, headers: { 'content-length': String(json.body.length) } })
})

const BIG_BYTES = 30 * 1024 * 1024
const skipBig =
  process.platform !== 'linux'
    ? 'needs /proc'
    : skipOnReplicas('the large document is stored in the folder of a single service')

t.test('clients that go away in the middle leave no file open', { skip: skipBig }, async (t) => {
  const service = await startService(t)
  const { run, sha256 } = await storeBigRun(service.dataDir, BIG_BYTES)
  const before = await openDocuments(run)
  for (const format of FORMATS) {
    await Promise.all(
      Array.from({ length: 5 }, async () => await readABitAndLeave(service.url, `/runs/${run.id}?format=${format}`))
    )
  }
  await Promise.all(Array.from({ length: 5 }, async () => await readABitAndLeave(service.url, `/runs/${run.id}`, 0)))
  while (await openDocuments(run) > before) await new Promise((resolve) => setTimeout(resolve, 2))
  t.equal(before, 0)
  const { body } = await service.get(`/runs/${run.id}`)
  t.equal(
    createHash('sha256')
      .update(Buffer.from(await body.arrayBuffer()))
      .digest('hex'),
    sha256.json,
    'and the service goes on'
  )
})

t.test('a client that takes nothing for minutes is let go, and its file closed', { skip: skipBig }, async (t) => {
  const service = await startService(t)
  const { run } = await storeBigRun(service.dataDir, BIG_BYTES)
  const sockets: Array<{ emit: (event: 'timeout') => boolean, timeout?: number }> = []
  service.app.server.on('connection', (socket) => sockets.push(socket))
  const client = createConnection({ host: '127.0.0.1', port: Number(new URL(service.url).port) })
  client.write(`GET /runs/${run.id}?format=csv HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  await once(client, 'readable')
  while (await openDocuments(run) === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  t.equal(sockets[0]?.timeout, 600_000)
  sockets[0]?.emit('timeout')
  client.on('error', () => {}).resume()
  await once(client, 'close')
  while (await openDocuments(run) > 0) await new Promise((resolve) => setTimeout(resolve, 2))
  t.pass()
})

t.test('downloads one after the other on one connection leave nothing on it', async (t) => {
  const service = await startService(t)
  const run = await service.ingest({ limit: 5 })
  const sockets: Socket[] = []
  service.app.server.on('connection', (socket) => sockets.push(socket))
  const client = new Client(service.url)
  t.teardown(async () => await client.close())
  const listeners: number[] = []
  for (let i = 0; i < 5; i++) {
    await (await client.request({ method: 'GET', path: `/runs/${run.id}?format=csv` })).body.dump()
    listeners.push(sockets[0]?.listenerCount('timeout') ?? 0)
  }
  t.equal(sockets.length, 1)
  t.equal(new Set(listeners).size, 1)
})

t.test('GET /runs/latest and POST /ingest?wait= answer in the same formats', async (t) => {
  const service = await startService(t)
  const posted = await request(`${service.url}/ingest?wait=30`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/csv', 'if-none-match': '*', range: 'bytes=0-9' },
    body: '{"limit":5}',
  })
  t.equal(posted.statusCode, 200)
  t.equal(posted.headers['content-type'], TYPES.csv)
  const csv = await posted.body.text()
  const latest = await service.get('/runs/latest?format=csv')
  t.equal(await latest.body.text(), csv)
  t.equal(latest.headers['etag'], posted.headers['etag'])
  t.equal((await request(`${service.url}/runs/latest`, { headers: { 'if-none-match': '*' } })).statusCode, 304)
  t.equal((await service.get('/runs/latest?format=xml')).statusCode, 406)
})

/** How many of this process's files are documents of that run. */
async function openDocuments ({ file }: Run): Promise<number> {
  const targets = await Promise.all(
    (await readdir('/proc/self/fd')).map(async (fd) => await readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  )
  return targets.filter((target) => target.includes(file?.name ?? 'none')).length
}

async function readABitAndLeave (url: string, path: string, bytes = 100_000): Promise<void> {
  const client = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port) })
  client.on('error', () => {})
  client.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  let seen = 0
  if (bytes > 0) {
    for await (const chunk of client) {
      seen += (chunk as Buffer).length
      if (seen >= bytes) break
    }
  }
  client.destroy()
}

function isProblem (t: Test, { status, headers, body }: Answer, expected: number, code: string): void {
  t.equal(status, expected)
  t.match(headers, { 'content-type': /^application\/problem\+json/ })
  t.match(JSON.parse(body.toString()) as Problem, {
    status: expected,
    code,
    title: String,
    detail: String,
    requestId: String,
  })
}

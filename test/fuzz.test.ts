import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid'
import { type FieldName, PAGINATIONS, SOURCES } from '../src/schemas/ingest-body.ts'
import type { Problem } from '../src/schemas/problem.ts'
import type { Run } from '../src/schemas/run.ts'
import { type Service, startService } from './service.ts'

const SEED = 20261122
const INJECTED = 1200
const OVER_THE_PORT = 300

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function createRandom (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Fuzzed { method: string, url: string, headers: Record<string, string>, body: string | Buffer | undefined }

/** Requests from almost right to absurd. `ids` may grow while it is used: ids of runs that there are. */
function createFuzzer (random: () => number, ids: string[]): () => Fuzzed {
  const pick = <T>(...values: T[]): T => values[Math.floor(random() * values.length)] as T
  const maybe = (probability: number): boolean => random() < probability
  const text = (): string =>
    pick(
      '',
      'x',
      ' ',
      '0',
      '-1',
      '1',
      '1.5',
      '1e999',
      'NaN',
      'true',
      'null',
      '[]',
      '{}',
      '../..',
      '\'"<script>',
      '日本語',
      '🎧'.repeat(9),
      '\u202eabc',
      'a,b;c=d',
      'A'.repeat(Math.floor(random() * 300)),
      'z'.repeat(9000)
    )
  const id = (): string =>
    maybe(0.6)
      ? pick(...ids.slice(-20))
      : pick(
        uuidv7(),
        uuidv4(),
        uuidv7().toUpperCase(),
        'latest',
        '.',
        '..',
        '%2e%2e',
        '..%2f..%2fetc%2fpasswd',
        '%2F',
        '%5c',
        '%00',
        '%ff',
        '%',
        '%zz',
        '%F0%9F%8E%A7',
        ':id',
        '*',
        'constructor',
        '__proto__',
        'x'.repeat(64),
        'x'.repeat(65),
        'x'.repeat(101),
        encodeURIComponent(text())
      )
  const route = (): [method: string, path: string] => pick<[string, string]>(
    ['POST', '/ingest'], ['POST', '/ingest'], ['POST', '/ingest'], ['GET', '/runs'], ['GET', '/runs/latest'],
    ['GET', `/runs/${id()}`], ['GET', `/runs/${id()}`], ['GET', `/runs/${id()}`], ['GET', `/runs/${id()}/status`],
    ['GET', `/runs/${id()}/ready`],
    ['GET', `/runs/${id()}/events`], ['POST', `/runs/${id()}/cancel`], ['POST', `/runs/${id()}/resume`],
    ['DELETE', `/runs/${id()}`], ['GET', '/diagnose'], ['GET', '/health/live'], ['GET', '/health/ready'],
    ['GET', '/openapi.json']
  )
  const path = (): string => pick(
    () => '/ingest', () => '/runs', () => '/runs/latest', () => `/runs/${id()}`, () => `/runs/${id()}/status`,
    () => `/runs/${id()}/ready`, () => `/runs/${id()}/events`,
    () => `/runs/${id()}/cancel`, () => `/runs/${id()}/resume`, () => '/diagnose', () => '/health/live',
    () => '/health/ready', () => '/openapi.json', () => '/docs', () => `/docs/static/${id()}`, () => `/docs/${id()}`,
    () => `/${id()}`, () => '//', () => '/', () => `/runs//${id()}`, () => '/INGEST', () => '/ingest/',
    () => `/ingest;${id()}`, () => `/runs/${id()}/${id()}`, () => '/%69ngest', () => `/health/${id()}`,
    () => `/${'p/'.repeat(200)}`
  )()
  const name = (): string =>
    pick(
      'wait',
      'format',
      'limit',
      'status',
      'cursor',
      'accept',
      'market',
      'source',
      '__proto__',
      'constructor',
      'limit[]',
      'limit[$gt]',
      'a.b',
      '',
      encodeURIComponent(text())
    )
  const value = (): string =>
    pick(
      '1',
      '0',
      '2',
      '5',
      '-1',
      '121',
      'json',
      'csv',
      'ndjson',
      'tracks',
      'partial',
      'succeeded',
      'failed',
      ...ids.slice(-3),
      '%',
      '%zz',
      '%00',
      '%ff',
      '+',
      encodeURIComponent(text())
    )
  const query = (): string =>
    maybe(0.7)
      ? ''
      : `?${Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(`${name()}=${value()}`, `${name()}=${value()}`, name(), '', '=', '?', '#')).join('&')}`

  const json = (depth: number): unknown => pick<() => unknown>(
    () => null, () => true, () => random() * 100, () => Math.floor(random() * 10), () => -0, () => 1e308, () => text(),
  () => '4aawyAB9vmqN3uQ7FjRGTy', () => 'spotify:album:4aawyAB9vmqN3uQ7FjRGTy',
  () => depth > 3 ? [] : Array.from({ length: Math.floor(random() * 4) }, () => json(depth + 1)),
  () => depth > 3 ? {} : { [text().slice(0, 20)]: json(depth + 1) }
  )()
  const fieldValues: Record<FieldName, () => unknown> = {
    source: () => pick(...SOURCES, json(0)),
    limit: () => pick(1, 2, 3, 5, 0, -1, 1001, 2 ** 53, json(0)),
    pagination: () => pick(...PAGINATIONS, json(0)),
    market: () => pick('DE', 'de', json(0)),
    query: () => json(0),
    artistIds: () => json(0),
    albumIds: () => pick([], ['4aawyAB9vmqN3uQ7FjRGTy'], json(0)),
    refresh: () => pick(true, false, json(0)),
  }
  const known = Object.entries(fieldValues).map(([name, value]) => (): [string, unknown] => [name, value()])
  const field = (): [string, unknown] =>
    pick(
      ...known,
      (): [string, unknown] => [text().slice(0, 30), json(0)],
      (): [string, unknown] => ['__proto__', json(0)]
    )()
  const body = (): string | Buffer | undefined => maybe(0.3)
    ? pick(undefined, '{"limit":1}', '{"limit":2}', '{"limit":3}', '{"source":"search"}')
    : pick<() => string | Buffer | undefined>(
      () => undefined, () => '', () => '{}', () => JSON.stringify(Object.fromEntries([field()])),
    () => JSON.stringify(Object.fromEntries([field(), field()])),
    () => JSON.stringify(Object.fromEntries([field(), field(), field()])), () => JSON.stringify(json(0)),
    () => '{"__proto__":{"limit":1}}', () => '{"constructor":{"prototype":{"limit":1}}}', () => '{"limit":5',
    () => '{"limit":5}}', () => '{limit:5}', () => '\ufeff{}', () => '[', () => '"', () => 'limit=5', () => '\u0000',
    () => '{"a":'.repeat(2000), () => `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    () => '{"limit":1,"limit":2}', () => Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
    () => Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
    () => maybe(0.1) ? JSON.stringify({ query: 'x'.repeat(2 ** 20) }) : '1'
    )()
  const header = (): [string, string] =>
    pick<() => [string, string]>(
      () => [
        'content-type',
        pick(
          'application/json',
          'application/json; charset=utf-8',
          'application/json; charset=utf-16',
          'APPLICATION/JSON',
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data',
          'application/problem+json',
          'application/json, text/html',
          ';',
          '/',
          'x',
          ''
        ),
      ],
    () => [
      'accept',
      pick(
        '*/*',
        'application/json',
        'text/csv',
        'application/x-ndjson',
        'text/html',
        'image/png',
        'application/json;q=0',
        '*/*;q=0',
        ';;;',
        ',,,',
        'q=1',
        'text/*',
        'a/b;q=x',
        ''.padEnd(3000, 'a/b,')
      ),
    ],
    () => [
      'accept-encoding',
      pick('gzip', 'identity', 'identity;q=0', 'gzip;q=0', '*;q=0', 'br', 'gzip;q=x', '', ','),
    ],
    () => [
      'range',
      pick(
        'bytes=0-0',
        'bytes=5-2',
        'bytes=-1',
        'bytes=-0',
        'bytes=99999999999999999999-',
        'bytes=0-1,3-4',
        'bytes=',
        'items=1-2',
        'x',
        'bytes=0-99999999999999999999999'
      ),
    ],
    () => ['if-none-match', pick('*', '"x"', 'W/"x"', 'x', '"', '"a", "b"')],
    () => ['if-match', pick('*', '"x"', 'x')],
    () => ['if-range', pick('"x"', 'x', 'Sun, 06 Nov 1994 08:49:37 GMT')],
    () => ['if-modified-since', pick('x', 'Sun, 06 Nov 2094 08:49:37 GMT', '0', '')],
    () => ['if-unmodified-since', pick('x', 'Sun, 06 Nov 1994 08:49:37 GMT', '-1')],
    () => [
      'idempotency-key',
      pick('', ' ', 'k', 'a b', 'x'.repeat(255), 'x'.repeat(256), 'é', '"quoted"', '\t', '../../x'),
    ],
    () => [
      'prefer',
      pick(
        'wait=1',
        'wait=-1',
        'wait=99999999999',
        'wait',
        'respond-async, wait=0',
        'wait="1"',
        ';wait=1',
        ''.padEnd(2000, 'x,')
      ),
    ],
    () => ['x-request-id', pick('mine', '', ' ', 'x'.repeat(129), '{"a":1}', 'é')],
    () => ['authorization', pick('Bearer x', 'Bearer', 'Basic eDp5', '')],
    () => ['x-api-key', pick('x', '')],
    () => ['accept-version', pick('1.x', '*', 'x')],
    () => ['x-http-method-override', 'DELETE'],
    () => ['cookie', 'a=b; ; =; c'],
    () => ['origin', 'null'],
    () => ['host', pick('x', '', 'a:b:c', '[::1]')]
    )()
  const method = (): string =>
    pick(
      'GET',
      'GET',
      'POST',
      'DELETE',
      'HEAD',
      'PUT',
      'PATCH',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
      'PURGE',
      'SEARCH',
      'LOCK'
    )
  const target = (): [method: string, path: string] =>
    maybe(0.7) ? route() : maybe(0.3) ? [method(), route()[1]] : [method(), path()]
  const at = ([method, path]: [string, string]): { method: string, url: string } => ({ method, url: path + query() })
  return () => ({
    ...at(target()),
    headers: Object.fromEntries(
      Array.from({ length: Math.floor(random() * 4) }, header).concat(
        maybe(0.5) ? [['content-type', 'application/json']] : []
      )
    ),
    body: body(),
  })
}

async function startFuzzed (t: Test): Promise<{ service: Service, ids: string[] }> {
  const service = await startService(t, {
    sandbox: { albums: 30 },
    env: { REQUESTS_PER_MINUTE: '0', MAX_QUEUED_RUNS: '100000', RUN_CONCURRENCY: '20', LOG_LEVEL: 'error' },
  })
  const { id } = await service.ingest({ limit: 3 })
  return { service, ids: [id] }
}

/**
 * What every answer must be, whatever was asked; that it is as the OpenAPI document says, the service's own check sees.
 */
function isAnswer (
  t: Test,
  asked: string,
  status: number,
  contentType: string,
  body: string,
  isNodesOwn = false
): void {
  const problems: string[] = []
  if (status >= 500 && !/"code":"shutting_down"/.test(body)) problems.push('is an error of the service')
  if (status >= 400 && !asked.startsWith('HEAD ') && !isNodesOwn) {
    if (!contentType.startsWith('application/problem+json')) problems.push(`has the content type "${contentType}"`)
    else if ((JSON.parse(body) as Problem).status !== status) problems.push('has another status inside')
  }
  if (problems.length > 0) t.fail(`${asked} ${problems.join(' and ')}: ${status} ${body.slice(0, 300)}`)
}

/** The service is as well as before. */
async function isWell (t: Test, { app, ingest }: Service): Promise<void> {
  t.equal((await app.inject('/health/ready')).statusCode, 200)
  t.match(await ingest({ limit: 7, source: 'search', query: 'tag:new' }), { status: 'succeeded' })
}

t.test(`${INJECTED} requests of every kind (seed ${SEED}): no error of the service, no status that is not ` +
  'documented, every refusal a problem document', async (t) => {
  const { service, ids } = await startFuzzed(t)
  const next = createFuzzer(createRandom(SEED), ids)
  const statuses = new Map<number, number>()
  const ask = async (): Promise<void> => {
    const { method, url, headers, body } = next()
    const answer = await service.app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
    statuses.set(answer.statusCode, 1 + (statuses.get(answer.statusCode) ?? 0))
    isAnswer(
      t,
      `${method} ${url.slice(0, 200)} ${JSON.stringify(headers).slice(0, 300)} ${String(body).slice(0, 100)}`,
      answer.statusCode,
      String(answer.headers['content-type'] ?? ''),
      answer.body
    )
    if (answer.statusCode === 202) ids.push(answer.json<Run>().id)
  }
  for (const headers of [{ range: 'bytes=99999999-' }, { 'if-none-match': '*' }]) {
    statuses.set((await service.app.inject({ url: `/runs/${ids[0] ?? ''}`, headers })).statusCode, 1)
  }
  for (let asked = 0; asked < INJECTED; asked += 20) await Promise.all(Array.from({ length: 20 }, ask))
  t.comment([...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`).join(', '))
  for (const status of [200, 202, 204, 304, 400, 404, 406, 409, 410, 412, 413, 415, 416]) {
    t.ok(statuses.has(status), `${status} was among the answers`)
  }
  await isWell(t, service)
})

const QUIET_MS = 700

/** All that comes back for some bytes, until the service closes the connection or has been quiet. */
async function send (url: string, bytes: string | Buffer): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => { received += chunk }).on('error', () => {})
  socket.setTimeout(QUIET_MS, () => socket.destroy())
  socket.write(bytes)
  await once(socket, 'close')
  return received
}

/** Node itself answers a request without a host or with an unknown expectation: with the status alone. */
function parseAnswers (t: Test, asked: string, received: string): number {
  const [head = '', body = ''] = received.split(/\r\n\r\n([^]*)/)
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
  if (received === '') return 0
  const contentType = /^content-type: (.*)$/im.exec(head)?.[1] ?? ''
  const text = /^transfer-encoding: chunked/im.test(head)
    ? body.replace(/^[0-9a-f]+\r\n/i, '').replace(/\r\n[0-9a-f]+\r\n[^]*$/i, '')
    : body
  isAnswer(
    t,
    asked,
    status,
    contentType,
    Buffer.from(text, 'latin1').toString(),
    contentType === '' && [400, 417].includes(status)
  )
  return status
}

t.test(`${OVER_THE_PORT} requests over a real port, with what no client library would send in them`, async (t) => {
  const { service, ids } = await startFuzzed(t)
  const random = createRandom(SEED + 1)
  const next = createFuzzer(random, ids)
  const statuses = new Map<number, number>()
  const ask = async (): Promise<void> => {
    const { method, url, headers, body } = next()
    const payload = Buffer.from(body ?? '')
    const verb = random() < 0.1 ? ['FOO', 'get', 'G\u00cbT', 'QUERY', ''][Math.floor(random() * 5)] ?? '' : method
    const lines = [
      `${verb} ${url} HTTP/1.1`,
      ...Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`),
      'connection: close',
      ...(body === undefined ? [] : [`content-length: ${payload.length}`]),
    ]
    const received = await send(
      service.url,
      Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), payload])
    )
    const status = parseAnswers(t, `${verb} ${lines.join(' | ').slice(0, 400)}`, received)
    statuses.set(status, 1 + (statuses.get(status) ?? 0))
  }
  for (let asked = 0; asked < OVER_THE_PORT; asked += 20) await Promise.all(Array.from({ length: 20 }, ask))
  t.comment([...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`).join(', '))
  await isWell(t, service)
})

const MALFORMED: Array<[name: string, bytes: string, status: number]> = [
  ['nothing', '', 0],
  ['an empty line', '\r\n\r\n', 0],
  ['binary', '\x00\x01\x02\xff\xfe', 400],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['HTTP/0.9', 'GET /nowhere\r\n\r\n', 404],
  ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['no host', 'GET /health/live HTTP/1.1\r\n\r\n', 400],
  ['a header without a name', 'GET / HTTP/1.1\r\nhost: localhost\r\n: y\r\n\r\n', 400],
  ['a header with a space in its name', 'GET / HTTP/1.1\r\nhost: localhost\r\na b: y\r\n\r\n', 400],
  ['two lengths', 'POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x', 400],
  [
    'a length and chunks, as request smuggling does',
    'POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['a length that is none', 'POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n', 400],
  [
    'a broken chunk',
    'POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-type: ' +
      'application/json\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n',
    400,
  ],
  ['a URL of 20 kB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`, 431],
  ['headers of 20 kB', `GET / HTTP/1.1\r\nhost: localhost\r\na: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['an unknown method', 'BREW /ingest HTTP/1.1\r\nhost: localhost\r\n\r\n', 400],
  ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nhost: localhost\r\n\r\n', 0],
  [
    'an upgrade',
    'GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n',
    200,
  ],
  ['an absolute URL', 'GET http://localhost/health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 200],
  [
    'an absolute URL of another host',
    'GET http://elsewhere/health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    421,
  ],
  ['a URL that is none', 'GET /%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 400],
  [
    'an expectation that nobody can meet',
    'POST /ingest HTTP/1.1\r\nhost: localhost\r\nexpect: miracles\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    417,
  ],
  [
    'a line feed in a header',
    'GET /health/live HTTP/1.1\r\nhost: localhost\r\na: b\nc: d\r\nconnection: close\r\n\r\n',
    400,
  ],
]

t.test('what is no HTTP is refused with a problem document, or the connection is ' +
  'closed; the service goes on', async (t) => {
  const { service } = await startFuzzed(t)
  for (const [name, bytes, status] of MALFORMED) {
    const received = await send(service.url, Buffer.from(bytes, 'latin1'))
    t.equal(parseAnswers(t, name, received), status, `${name}: ${received.slice(0, 40)}`)
  }
  await isWell(t, service)
})

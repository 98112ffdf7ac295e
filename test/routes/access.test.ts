import { once } from 'node:events'
import { createConnection } from 'node:net'
import t from 'tap'
import type { Problem } from '../../src/schemas/problem.ts'
import { type Service, startService } from '../service.ts'

/** What the service answers to these bytes, until it closes the connection. */
async function raw ({ url }: Service, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = createConnection(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(text)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])

t.test('without keys, a page of another site starts, cancels, resumes and deletes nothing', async (t) => {
  const service = await startService(t)
  const { id } = await service.ingest({ limit: 1 })
  const CHANGES = [
    ['POST', '/ingest'],
    ['POST', `/runs/${id}/cancel`],
    ['POST', `/runs/${id}/resume`],
    ['DELETE', `/runs/${id}`],
  ] as const
  for (const [method, path] of CHANGES) {
    for (const headers of ['Origin: https://evil.example', 'Origin: null', 'Sec-Fetch-Site: cross-site']) {
      const answer = await raw(
        service,
        `${method} ${path} HTTP/1.1\r\nHost: ${new URL(service.url).host}\r\n${headers}\r\nContent-Type: ` +
          'text/plain\r\nConnection: close\r\n\r\n'
      )
      t.equal(statusOf(answer), 403, `${method} ${path} ${headers}`)
      t.match(answer, /"code":"forbidden_origin"/)
    }
  }
  const { runs } = await (await service.get('/runs')).body.json() as { runs: unknown[] }
  t.equal(runs.length, 1)
  const own = await raw(
    service,
    `POST /ingest HTTP/1.1\r\nHost: ${new URL(service.url).host}\r\nOrigin: ${service.url}\r\nSec-Fetch-Site: ` +
      'same-origin\r\nConnection: close\r\n\r\n'
  )
  t.equal(statusOf(own), 202, 'the page of /docs is its own')
})

t.test('without keys, a name that was made to lead to loopback reads and deletes nothing', async (t) => {
  const service = await startService(t, { env: { PUBLIC_URL: 'https://music.example/albums' } })
  const { host } = new URL(service.url)
  const send = async (line: string, headers: string): Promise<string> =>
    await raw(service, `${line}\r\n${headers}Connection: close\r\n\r\n`)
  for (const [line, headers] of [
    ['GET /runs HTTP/1.1', 'Host: evil.example\r\n'],
    ['GET /runs HTTP/1.0', 'Host: evil.example\r\n'],
    ['DELETE /runs/x HTTP/1.1', 'Host: evil.example:80\r\nOrigin: http://evil.example\r\n'],
    ['GET http://evil.example/runs HTTP/1.1', `Host: ${host}\r\n`],
    ['GET /nowhere HTTP/1.1', 'Host: evil.example\r\nX-Forwarded-Host: localhost\r\n'],
    ['GET /health/live HTTP/1.1', 'Host: 127.0.0.1@evil.example\r\n'],
  ] as const) {
    const answer = await send(line, headers)
    t.equal(statusOf(answer), 421, line)
    t.match(answer, /"code":"misdirected_request"/)
    t.match(answer, /x-content-type-options: nosniff/i, 'refusals have the security headers too')
  }
  for (const [line, headers] of [
    ['GET /runs HTTP/1.1', `Host: ${host}\r\n`], ['GET /runs HTTP/1.1', 'Host: LOCALHOST.:1\r\n'],
    ['GET /runs HTTP/1.1', 'Host: [::1]:3000\r\n'], ['GET /runs HTTP/1.1', 'Host: music.example\r\n'],
    ['GET /runs HTTP/1.0', ''], [`GET http://${host}/runs HTTP/1.1`, `Host: ${host}\r\n`],
  ] as const) t.equal(statusOf(await send(line, headers)), 200, `${line} ${headers}`)
})

t.test('with keys, whoever has one may come from anywhere', async (t) => {
  const service = await startService(t, { env: { API_KEYS: 'one' } })
  const headers = {
    'x-api-key': 'one',
    host: 'other.example',
    origin: 'https://app.example',
    'sec-fetch-site': 'cross-site',
  }
  t.equal((await service.app.inject({ method: 'POST', url: '/ingest', headers })).statusCode, 202)
})

t.test('an Idempotency-Key belongs to the API key that it came with', async (t) => {
  const service = await startService(t, { env: { API_KEYS: 'one,two' } })
  const start = async (apiKey: string, limit: number) =>
    await service.app.inject({
      method: 'POST',
      url: '/ingest',
      headers: { 'x-api-key': apiKey, 'idempotency-key': 'daily' },
      payload: { limit },
    })
  const [mine, theirs] = [await start('one', 1), await start('two', 2)]
  t.same([mine.statusCode, theirs.statusCode], [202, 202])
  t.not(mine.json<{ id: string }>().id, theirs.json<{ id: string }>().id)
  t.equal((await start('one', 1)).json<{ id: string }>().id, mine.json<{ id: string }>().id)
  t.equal((await start('two', 1)).json<Problem>().code, 'idempotency_key_reused')
})

t.test('no key that was sent in the wrong place stands in the log', async (t) => {
  const service = await startService(t, { env: { API_KEYS: 'the-secret-key' } })
  const inject = async (url: string, headers: Record<string, string>) => await service.app.inject({ url, headers })
  await inject('/runs?api_key=the-secret-key', {})
  await inject('/runs?the-secret-key', { 'x-api-key': 'the-secret-key' })
  await inject('/nowhere?token=the-secret-key', {
    authorization: 'Bearer the-secret-key',
    referer: 'https://x/?key=the-secret-key',
  })
  await inject('/runs', { authorization: 'Basic the-secret-key', 'x-request-id': 'the-secret-key' })
  t.equal(
    (await inject('/runs?status=succeeded', { 'x-api-key': 'the-secret-key', 'x-request-id': 'mine' })).headers[
      'x-request-id'
    ],
    'mine'
  )
  t.match(service.log(), /"url":"\/runs\?api_key=\[redacted\]"/)
  t.match(service.log(), /"url":"\/runs\?status=succeeded"/)
  t.notMatch(service.log(), /the-secret-key/)
})

t.test('HSTS is sent where PUBLIC_URL is https, and for that host alone', async (t) => {
  for (const [PUBLIC_URL, hsts, upgrades] of [
    ['', undefined, false],
    ['http://music.example', undefined, false],
    ['https://music.example', 'max-age=31536000', true],
  ] as const) {
    const { app } = await startService(t, { env: { PUBLIC_URL } })
    for (const url of ['/runs', '/nowhere', '/docs']) {
      t.equal((await app.inject(url)).headers['strict-transport-security'], hsts, `${PUBLIC_URL} ${url}`)
    }
    t.equal(
      String((await app.inject('/runs')).headers['content-security-policy']).includes('upgrade-insecure-requests'),
      upgrades
    )
  }
})

t.test('PUBLIC_URL goes into Location, the OpenAPI document and the page', async (t) => {
  const { app } = await startService(t, { env: { PUBLIC_URL: 'https://music.example/albums/' } })
  const started = await app.inject({ method: 'POST', url: '/ingest', payload: { limit: 1 } })
  const { id } = started.json<{ id: string }>()
  t.equal(started.headers['location'], `https://music.example/albums/runs/${id}`)
  t.same((await app.inject('/openapi.json')).json<{ servers: object }>().servers, [
    { url: 'https://music.example/albums' },
  ])
  t.match((await app.inject('/docs')).body, /"\/albums\/docs\/static\/swagger-ui\.css"/)
})

t.test('TRUST_PROXY: what a trusted proxy says of the client is believed, what anyone else says is not', async (t) => {
  for (const [TRUST_PROXY, ip] of [
    ['', '127.0.0.1'],
    ['10.0.0.0/8', '127.0.0.1'],
    ['loopback', '203.0.113.9'],
    ['loopback, 203.0.113.9', '198.51.100.7'],
    ['1', '203.0.113.9'],
    ['2', '198.51.100.7'],
  ] as const) {
    const service = await startService(t, { env: { TRUST_PROXY } })
    await service.app.inject({ url: '/runs', headers: { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' } })
    t.match(service.log(), new RegExp(`"url":"/runs","ip":"${ip}"`), TRUST_PROXY)
  }
})

t.test('SPOTIFY_MARKET is the market of requests that name none', async (t) => {
  const service = await startService(t, { env: { SPOTIFY_MARKET: 'SE' } })
  t.match(await service.ingest({ limit: 1 }), { request: { market: 'SE' } })
  t.match(await service.ingest({ limit: 1, market: 'DE' }), { request: { market: 'DE' } })
})

t.test('KEEP_ALIVE_S is told to clients', async (t) => {
  const service = await startService(t, { env: { KEEP_ALIVE_S: '7' } })
  t.equal((await service.get('/runs')).headers['keep-alive'], 'timeout=7')
  t.ok(service.app.server.headersTimeout <= service.app.server.requestTimeout)
})

t.test('a body of no bytes is no body, whatever its headers say', async (t) => {
  const service = await startService(t)
  const { host } = new URL(service.url)
  const TYPES = [
    '',
    'Content-Type: application/x-www-form-urlencoded\r\n',
    'Content-Type: application/json\r\n',
    'Content-Type: text/plain; charset=x\r\n',
    'Content-Type: ;;;\r\n',
    'Content-Type: \r\n',
    'Content-Type: multipart/form-data\r\nContent-Encoding: gzip\r\n',
  ]
  for (const type of TYPES) {
    for (const [framing, body] of [
      ['', ''],
      ['Content-Length: 0\r\n', ''],
      ['Transfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    ] as const) {
      const answer = await raw(
        service,
        `POST /ingest HTTP/1.1\r\nHost: ${host}\r\n${type}${framing}Connection: close\r\n\r\n${body}`
      )
      t.equal(statusOf(answer), 202, type + framing)
    }
    if (type.includes('application/json')) continue
    const answer = await raw(
      service,
      `POST /ingest HTTP/1.1\r\nHost: ${host}\r\n${type}Content-Length: 2\r\nConnection: close\r\n\r\n{}`
    )
    t.equal(statusOf(answer), 415, type)
  }
  const coded = await raw(
    service,
    `POST /ingest HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Encoding: ` +
      'gzip\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'
  )
  t.equal(statusOf(coded), 415)
  t.match(coded, /accept-encoding: identity/i)
  const plain = await raw(
    service,
    `POST /ingest HTTP/1.1\r\nHost: ${host}\r\nContent-Type: Application/JSON; charset=utf-8\r\nContent-Encoding: ` +
      'identity\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'
  )
  t.equal(statusOf(plain), 202)
})

t.test('another method of a path that there is: 405 with those that it has; any other path is 404', async (t) => {
  const { app } = await startService(t)
  for (const [method, url, allow] of [
    ['DELETE', '/ingest', 'OPTIONS, POST'], ['GET', '/ingest?wait=1', 'OPTIONS, POST'],
    ['PUT', '/runs', 'GET, HEAD, OPTIONS'], ['POST', '/runs/x', 'DELETE, GET, HEAD, OPTIONS'],
    ['PATCH', '/health/live', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const answer = await app.inject({
      method,
      url,
      headers: { 'content-type': 'text/plain' },
      ...(method === 'GET' ? {} : { payload: 'x' }),
    })
    t.equal(answer.statusCode, 405, `${method} ${url}`)
    t.equal(answer.headers['allow'], allow)
    t.equal(answer.json<Problem>().code, 'method_not_allowed')
  }
  for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
    t.equal((await app.inject({ method, url: '/nowhere', headers: { 'content-type': 'text/plain' } })).statusCode, 404)
  }
  const options = await app.inject({
    method: 'OPTIONS',
    url: '/runs',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
  })
  t.match(options, { statusCode: 204, headers: { allow: 'GET, HEAD, OPTIONS' }, body: '' })
  t.notOk(
    Object.keys(options.headers).some((name) => name.startsWith('access-control-')),
    'no page of another site is let in'
  )
  t.equal((await app.inject({ method: 'HEAD', url: '/runs' })).statusCode, 200)
})

const LARGEST = 64 * 1024
const filled = (head: string, item: string, tail: string): string =>
  head + item.repeat(Math.floor((LARGEST - head.length - tail.length) / item.length)) + tail
const HOSTILE: Array<[title: string, body: string]> = [
  ['many wrong ids', filled('{"albumIds":[0', ',0', ']}')],
  ['many wrong artists', filled('{"source":"artists","artistIds":[""', ',""', ']}')],
  ['deep arrays', filled('{"limit":', '[', '')],
  ['deep closed arrays', `{"limit":${'['.repeat(32_000)}${']'.repeat(32_000)}}`],
  ['deep objects', `{"market":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`],
  ['many unknown fields', `{${Array.from({ length: 5000 }, (_, place) => `"f${place}":1`).join()}}`],
  ['a prototype', '{"__proto__":{"limit":1},"limit":1}'],
  ['a constructor', '{"constructor":{"prototype":{"limit":1}}}'],
  ['one long wrong id', `{"source":"albums","albumIds":["spotify:album:${'?'.repeat(65_000)}"]}`],
  ['a long query', `{"source":"search","query":"${'x'.repeat(65_000)}"}`],
  ['a long market', `{"market":"${'A'.repeat(65_000)}"}`],
  ['a long number', `{"limit":${'9'.repeat(65_000)}}`],
]

t.test('a body of 64 KiB, whatever is in it, is refused within 20 ms, briefly', async (t) => {
  const { app } = await startService(t)
  for (const [title, payload] of HOSTILE) {
    const times: number[] = []
    for (let time = 0; time < 5; time++) {
      const startedMs = performance.now()
      const answer = await app.inject({
        method: 'POST',
        url: '/ingest',
        headers: { 'content-type': 'application/json' },
        payload,
      })
      times.push(performance.now() - startedMs)
      t.equal(answer.statusCode, 400, title)
      t.ok(answer.body.length < 500, title)
    }
    t.ok(Math.min(...times) < 20, `${title}: ${times.map(Math.round).join(', ')} ms`)
  }
})

t.test('1,000 albums by their ids fit into a body', async (t) => {
  const { app } = await startService(t)
  const albumIds = Array.from({ length: 1000 }, (_, place) => String(place).padStart(22, '0'))
  t.equal(
    (await app.inject({ method: 'POST', url: '/ingest', payload: { source: 'albums', albumIds } })).statusCode,
    202
  )
})

t.test('/health/ready writes once a second, however often it is asked', async (t) => {
  const { app } = await startService(t)
  let probes = 0
  const { probe } = app.runs
  app.runs.probe = async () => {
    probes++
    await probe()
  }
  const startedMs = performance.now()
  const answers = await Promise.all(Array.from({ length: 200 }, async () => await app.inject('/health/ready')))
  t.ok(answers.every(({ statusCode }) => statusCode === 200))
  t.ok(probes <= 1 + (performance.now() - startedMs) / 1000, `${probes} probes`)
})

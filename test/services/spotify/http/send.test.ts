import { setMaxListeners } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Agent } from 'undici'
import { createResponseBudget } from '../../../../src/services/spotify/http/response-budget.ts'
import { send } from '../../../../src/services/spotify/http/send.ts'
import { never } from '../../../never.ts'
import { createGate } from '../../gate.ts'

const PATIENT_MS = 20_000
const MEBIBYTE = 1024 * 1024

interface Server {
  dispatcher: Agent
  url: (path?: string) => URL
  seen: IncomingMessage[]
  /** Resolves when a request has come. */
  reached: Promise<void>
  /** Resolves when the connection of a request was closed by the client. */
  left: Promise<void>
}

/** A server on a free port of the loopback; it and the connections to it end with the test. */
async function serve (t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const seen: IncomingMessage[] = []
  const reached = createGate()
  const left = createGate()
  const server = createServer((request, response) => {
    seen.push(request)
    response.on('close', () => left.resolve())
    response.on('error', () => {})
    reached.resolve()
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const dispatcher = new Agent()
  t.teardown(async () => {
    await dispatcher.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return {
    dispatcher,
    url: (path = '/v1/albums/x') => new URL(`http://127.0.0.1:${port}${path}`),
    seen,
    reached: reached.promise,
    left: left.promise,
  }
}

async function get (
  { dispatcher, url }: Server,
  { path, signal = never, timeoutMs = PATIENT_MS }: { path?: string, signal?: AbortSignal, timeoutMs?: number } = {}
) {
  return await send(
    dispatcher,
    { method: 'GET', url: url(path), headers: { authorization: 'Bearer the-token' } },
    { signal, timeoutMs, room: createResponseBudget().open() }
  )
}

t.test('an answer is its status, its Retry-After and its parsed body', async (t) => {
  const server = await serve(t, (_request, response) =>
    response.writeHead(429, { 'retry-after': '7' }).end('{"error":{"status":429}}')
  )
  t.same(await get(server), {
    kind: 'response',
    status: 429,
    retryAfter: '7',
    body: { kind: 'json', value: { error: { status: 429 } } },
  })
})

t.test('what goes out: path and query as they are, the caller\'s headers, a fixed ' +
  'language, and gzip accepted', async (t) => {
  const server = await serve(t, (_request, response) => response.end('{}'))
  await get(server, { path: '/v1/search?q=tag%3Anew&type=album' })
  t.match(server.seen[0], {
    method: 'GET',
    url: '/v1/search?q=tag%3Anew&type=album',
    headers: {
      authorization: 'Bearer the-token',
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'accept-language': 'en',
    },
  })
})

t.test('a body is sent where there is one', async (t) => {
  let body = ''
  const server = await serve(t, (request, response) => {
    request.setEncoding('utf8').on('data', (chunk: string) => { body += chunk }).on('end', () => response.end('{}'))
  })
  await send(
    server.dispatcher,
    { method: 'POST', url: server.url('/api/token'), headers: {}, body: 'grant_type=client_credentials' },
    { signal: never, timeoutMs: PATIENT_MS, room: createResponseBudget().open() }
  )
  t.equal(body, 'grant_type=client_credentials')
  t.equal(server.seen[0]?.method, 'POST')
})

t.test('the first of two Retry-After headers holds', async (t) => {
  const server = await serve(t, (_request, response) =>
    response.writeHead(429, ['retry-after', '7', 'retry-after', '9']).end()
  )
  t.match(await get(server), { retryAfter: '7', body: { kind: 'empty' } })
})

t.test('gzip is unpacked', async (t) => {
  const server = await serve(t, (_request, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"name":"Ünï"}'))
  )
  t.match(await get(server), { status: 200, body: { kind: 'json', value: { name: 'Ünï' } } })
})

t.test('characters that arrive in two pieces are whole', async (t) => {
  const text = Buffer.from('{"name":"Björk 🎵"}')
  const server = await serve(t, (_request, response) => {
    response.write(text.subarray(0, 11))
    setImmediate(() => response.write(text.subarray(11, 17), () => response.end(text.subarray(17))))
  })
  t.match(await get(server), { body: { kind: 'json', value: { name: 'Björk 🎵' } } })
})

const BROKEN: Array<[string, (request: IncomingMessage, response: ServerResponse) => void]> = [
  ['a reset before the answer', (request) => { request.socket.destroy() }],
  [
    'a body cut short of its length',
    (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"half', () => response.socket?.destroy())
    },
  ],
  [
    'a chunked body cut before its end',
    (_request, response) => {
      response.writeHead(200).write('{"half":1}', () => response.socket?.destroy())
    },
  ],
  [
    'gzip that is cut',
    (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"name":"x"}').subarray(0, -6))
    },
  ],
  [
    'gzip that is none',
    (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('{"name":"x"}')
    },
  ],
  ['no HTTP', (request) => { request.socket.end('rubbish\r\n\r\n') }],
]
for (const [what, answer] of BROKEN) {
  t.test(`${what} is a broken answer, and the token is not in its reason`, async (t) => {
    const answered = await get(await serve(t, answer))
    t.match(answered, { kind: 'broken', reason: /^broke the connection: [ -~]+$/ })
    t.notMatch(JSON.stringify(answered), /the-token/)
  })
}

t.test('a refused connection is a broken answer with its code', async (t) => {
  const server = await serve(t, () => {})
  const dead = new URL(server.url())
  dead.port = '1'
  t.match(
    await send(
      server.dispatcher,
      { method: 'GET', url: dead, headers: {} },
      { signal: never, timeoutMs: PATIENT_MS, room: createResponseBudget().open() }
    ),
    { kind: 'broken', reason: /ECONNREFUSED/ }
  )
})

t.test('an error with a body that is gzip but empty is an empty body', async (t) => {
  const server = await serve(t, (_request, response) =>
    response.writeHead(503, { 'content-encoding': 'gzip' }).end(gzipSync(''))
  )
  t.match(await get(server), { kind: 'response', status: 503, body: { kind: 'empty' } })
})

t.test('gzip announced on no body at all does not hide the status', async (t) => {
  const server = await serve(t, (_request, response) =>
    response.writeHead(429, { 'content-encoding': 'gzip', 'retry-after': '7', 'content-length': '0' }).end()
  )
  t.match(await get(server), { kind: 'response', status: 429, retryAfter: '7' })
})

const PAUSED = { 'retry-after': '3600' }
const LIMITED: Array<[string, (response: ServerResponse) => void]> = [
  [
    'is cut',
    (response) => {
      response
        .writeHead(429, { ...PAUSED, 'content-length': '1000' })
        .write('{"error', () => response.socket?.destroy())
    },
  ],
  ['does not come in time', (response) => { response.writeHead(429, PAUSED).write('{"error') }],
  [
    'cannot be unpacked',
    (response) => {
      response.writeHead(429, { ...PAUSED, 'content-encoding': 'gzip' }).end('Too many requests')
    },
  ],
]
for (const [what, answer] of LIMITED) {
  t.test(`a 429 is a 429 with its Retry-After, also when its body ${what}: no call may be made sooner`, async (t) => {
    const server = await serve(t, (_request, response) => answer(response))
    t.match(await get(server, { timeoutMs: 1000 }), { kind: 'response', status: 429, retryAfter: '3600' })
  })
}

t.test('a stall before the answer ends with the timeout, and the connection is given up', async (t) => {
  const server = await serve(t, () => {})
  t.same(await get(server, { timeoutMs: 500 }), { kind: 'broken', reason: 'gave no whole answer within 500 ms' })
  await server.left
})

t.test('a stall within the body ends with the timeout too: it counts to the last byte', async (t) => {
  const server = await serve(t, (_request, response) => response.writeHead(200).write('{"half":'))
  t.same(await get(server, { timeoutMs: 500 }), { kind: 'broken', reason: 'gave no whole answer within 500 ms' })
  await server.left
})

t.test("the caller's abort before the answer is thrown with its reason, and the connection is given up", async (t) => {
  const server = await serve(t, () => {})
  const controller = new AbortController()
  const asked = get(server, { signal: controller.signal })
  await server.reached
  controller.abort(new Error('canceled by the user'))
  await t.rejects(asked, { message: 'canceled by the user' })
  await server.left
})

t.test("the caller's abort within the body is thrown too", async (t) => {
  const controller = new AbortController()
  const server = await serve(t, (_request, response) => {
    response.writeHead(200).write('{"half":', () => setImmediate(() => controller.abort(new Error('canceled'))))
  })
  await t.rejects(get(server, { signal: controller.signal }), { message: 'canceled' })
  await server.left
})

t.test('who has given up before asking reaches nobody', async (t) => {
  const server = await serve(t, (_request, response) => response.end())
  await t.rejects(get(server, { signal: AbortSignal.abort(new Error('gone')) }), { message: 'gone' })
  t.equal(server.seen.length, 0)
})

t.test('a redirect is an response: nobody follows it, and the token goes nowhere else', async (t) => {
  const other = await serve(t, (_request, response) => response.end('{}'))
  const server = await serve(t, (_request, response) => response.writeHead(302, { location: other.url().href }).end())
  t.match(await get(server), { kind: 'response', status: 302, body: { kind: 'empty' } })
  t.equal(other.seen.length, 0)
})

t.test('a body without an end is given up at 4 MiB', async (t) => {
  const piece = Buffer.alloc(MEBIBYTE, 'x')
  let written = 0
  const server = await serve(t, (_request, response) => {
    const more = (): void => {
      if (response.destroyed || written > 200 * MEBIBYTE) {
        response.end()
        return
      }
      written += piece.length
      // Node.js 26 calls back at once once the connection is closed, and tells of the close later.
      response.write(piece, () => setImmediate(more))
    }
    more()
  })
  t.match(await get(server), { kind: 'response', body: { kind: 'unreadable', reason: /more than 4194304 bytes/ } })
  await server.left
  t.ok(written < 50 * MEBIBYTE)
})

t.test('a small gzip body that unpacks to more than 4 MiB is given up too, and its status is kept', async (t) => {
  const bomb = gzipSync(Buffer.alloc(30 * MEBIBYTE, ' '))
  const server = await serve(t, (_request, response) =>
    response.writeHead(403, { 'content-encoding': 'gzip' }).end(bomb)
  )
  t.match(await get(server), {
    kind: 'response',
    status: 403,
    body: { kind: 'unreadable', reason: /more than 4194304 bytes/ },
  })
})

t.test('a body of some megabytes is read whole, sent plain or packed', async (t) => {
  const text = JSON.stringify({ text: 'x'.repeat(3 * MEBIBYTE) })
  for (const [body, headers] of [[text, {}], [gzipSync(text), { 'content-encoding': 'gzip' }]] as const) {
    const response = await get(await serve(t, (_request, response) => response.writeHead(200, headers).end(body)))
    t.ok(response.kind === 'response' && response.body.kind === 'json' && JSON.stringify(response.body.value) === text)
  }
})

const VALUE = { name: 'Ünï' }
const TEXT = JSON.stringify(VALUE)
const CODED: Array<[string, string | string[], Buffer]> = [
  ['GZIP', 'GZIP', gzipSync(TEXT)],
  ['x-gzip', 'x-gzip', gzipSync(TEXT)],
  ['gzip, identity', ' gzip , identity', gzipSync(TEXT)],
  ['two headers', ['deflate', 'gzip'], gzipSync(deflateSync(TEXT))],
  ['deflate', 'deflate', deflateSync(TEXT)],
  ['deflate without a frame', 'deflate', deflateRawSync(TEXT)],
  ['br', 'br', brotliCompressSync(TEXT)],
  ['identity', 'identity', Buffer.from(TEXT)],
  ['gzip with data after its end', 'gzip', Buffer.concat([gzipSync(TEXT), Buffer.alloc(20)])],
  ['gzip in two members', 'gzip', Buffer.concat([gzipSync(TEXT.slice(0, 5)), gzipSync(TEXT.slice(5))])],
  ['a byte order mark', 'identity', Buffer.from(`\uFEFF${TEXT}`)],
]
for (const [what, coding, body] of CODED) {
  t.test(`${what} is unpacked`, async (t) => {
    const server = await serve(t, (_request, response) => response.setHeader('content-encoding', coding).end(body))
    t.same(await get(server), {
      kind: 'response',
      status: 200,
      retryAfter: undefined,
      body: { kind: 'json', value: VALUE },
    })
  })
}

for (const coding of ['compress', 'gzip, gzip, gzip, gzip', 'constructor']) {
  t.test(`Content-Encoding ${coding} is refused in words`, async (t) => {
    const server = await serve(t, (_request, response) =>
      response.writeHead(200, { 'content-encoding': coding }).end(gzipSync(TEXT))
    )
    t.match(await get(server), {
      kind: 'response',
      status: 200,
      body: { kind: 'unreadable', reason: /Content-Encoding/ },
    })
  })
}

t.test('a byte that is no UTF-8 costs its character, and half a character stays what it is', async (t) => {
  const server = await serve(t, (_request, response) =>
    response.end(Buffer.concat([Buffer.from('{"a":"x'), Buffer.from([0xff]), Buffer.from('y","b":"\\ud83d"}')]))
  )
  t.match(await get(server), { body: { kind: 'json', value: { a: 'x\uFFFDy', b: '\ud83d' } } })
})

t.test('an answer without room waits for it, and the time that it waits is not counted', async (t) => {
  const budget = createResponseBudget()
  const full = Array.from({ length: 8 }, () => budget.open())
  for (const room of full) await room.large(never)
  const server = await serve(t, (_request, response) => response.end(TEXT))
  const room = budget.open()
  const answered = send(
    server.dispatcher,
    { method: 'GET', url: server.url(), headers: {} },
    { signal: never, timeoutMs: 300, room }
  )
  t.equal(await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 600, 'waits'))]), 'waits')
  full[0]?.release()
  t.match(await answered, { kind: 'response', body: { kind: 'json' } })
  for (const each of [...full, room]) each.release()
  t.same(budget.used(), { read: 0, parsed: 0 })
})

t.test('one that is told to stop while it waits for room leaves the room as it was', async (t) => {
  const budget = createResponseBudget()
  const full = Array.from({ length: 8 }, () => budget.open())
  for (const room of full) await room.large(never)
  const controller = new AbortController()
  const waiting = budget.open()
  const waits = waiting.small(controller.signal)
  controller.abort(new Error('canceled'))
  await t.rejects(waits, { message: 'canceled' })
  waiting.release()
  for (const room of full) room.release()
  t.same(budget.used(), { read: 0, parsed: 0 })
})

t.test('many exchanges leave nothing at the caller\'s signal', async (t) => {
  const server = await serve(t, (_request, response) => response.end('{}'))
  const controller = new AbortController()
  let listeners = 0
  const { signal } = controller
  setMaxListeners(0, signal)
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...args: Parameters<typeof add>) => { listeners++; add(...args) }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => { listeners--; remove(...args) }
  await Promise.all(Array.from({ length: 20 }, () => get(server, { signal })))
  t.equal(listeners, 0)
})

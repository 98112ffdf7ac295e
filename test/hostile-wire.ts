import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { type Random, between } from '../src/sandbox/catalogue/random.ts'
import type { Surroundings } from './hostile-json.ts'

/** An answer before it is sent. */
export interface Reply {
  status: number
  headers: Array<[string, string]>
  body: Buffer
  /** Writes it to the connection; none: as HTTP wants it. */
  wire?: (socket: Socket, head: string, body: Buffer) => Promise<void> | void
}

export type Change = (reply: Reply, surroundings: Surroundings) => Reply

const among = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
const json = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const JSON_TYPE: [string, string] = ['content-type', 'application/json; charset=utf-8']

/** Packing is what takes time: each is made when it is wanted first. */
function once (make: () => Buffer): () => Buffer {
  let made: Buffer | undefined
  return () => (made ??= make())
}

const blanks = once(() => gzipSync(Buffer.alloc(30_000_000, ' '), { level: 1 }))
const BOMBS = [
  blanks,
  once(() => gzipSync(`{"id":"x","tracks":{"items":[${'{},'.repeat(10_000_000)}{}]}}`, { level: 1 })),
  once(() => gzipSync(Buffer.alloc(3_900_000, '['))),
  once(() => gzipSync(`{"items":[${'null,'.repeat(150_000)}null],"next":null,"total":5}`)),
]

/** Its bytes under a `Content-Encoding`. */
function coded (reply: Reply, coding: string, body: Buffer): Reply {
  return { ...reply, headers: [...reply.headers, ['content-encoding', coding]], body }
}

const flipped = (body: Buffer, random: Random): Buffer => {
  const bytes = Buffer.from(body)
  if (bytes.length > 0) bytes[between(random, 0, bytes.length - 1)] = between(random, 0, 255)
  return bytes
}

export const ENCODINGS: Record<string, Change> = {
  gzip: (reply) => coded(reply, 'gzip', gzipSync(reply.body)),
  upperGzip: (reply) => coded(reply, 'GZIP', gzipSync(reply.body)),
  xGzip: (reply) => coded(reply, ' x-gzip ', gzipSync(reply.body)),
  brotli: (reply) =>
    coded(reply, 'br', brotliCompressSync(reply.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })),
  deflate: (reply, { random }) =>
    coded(reply, 'deflate', random() < 0.5 ? deflateSync(reply.body) : deflateRawSync(reply.body)),
  twice: (reply) => coded(reply, 'gzip, gzip', gzipSync(gzipSync(reply.body))),
  mislabelled: (reply, { random }) =>
    coded(
      reply,
      among(random, [
        'gzip',
        'br',
        'deflate',
        'zstd',
        'compress',
        'gzip, gzip, gzip, gzip',
        'x'.repeat(3000),
        '__proto__',
        'constructor',
      ]),
      reply.body
    ),
  unlabelled: (reply) => ({ ...reply, body: gzipSync(reply.body) }),
  wrongLabel: (reply, { random }) => coded(reply, among(random, ['br', 'deflate', 'identity']), gzipSync(reply.body)),
  brokenGzip: (reply, { random }) => coded(reply, 'gzip', flipped(gzipSync(reply.body), random)),
  cutGzip: (reply) => coded(reply, 'gzip', gzipSync(reply.body).subarray(0, -9)),
  trailedGzip: (reply) => coded(reply, 'gzip', Buffer.concat([gzipSync(reply.body), Buffer.from('trailing')])),
  bomb: (reply, { random }) => coded(reply, 'gzip', among(random, BOMBS)()),
  bombTwice: (reply) => coded(reply, 'gzip, gzip', gzipSync(blanks())),
  byteOrderMark: (reply) => ({ ...reply, body: Buffer.concat([Buffer.from('\ufeff'), reply.body]) }),
  utf16: (reply) => ({ ...reply, body: Buffer.from(`\ufeff${reply.body.toString()}`, 'utf16le') }),
  invalidUtf8: (reply, { random }) => ({ ...reply, body: flipped(reply.body, random) }),
  latin1: (reply) => ({
    ...reply,
    headers: [['content-type', 'application/json; charset=latin1']],
    body: Buffer.from(reply.body.toString(), 'latin1'),
  }),
}

const BODIES = [
  '', ' ', 'null', '[]', '{}', '5', '"text"', 'true', 'NaN', "{'a':1}", '// comment\n{}', '{}{}', '{"a":1,}', '[',
  '{"a":', '<!doctype html><h1>502</h1>', '\u0000\u0001', '\u001b[2J',
  '{"error":{"status":503,"message":"Service unavailable"}}', '{"error":"x"}', '{"__proto__":{"items":[]}}',
  '{"albums":null}', '{"albums":[]}', '{"albums":{"items":{}}}', '{"items":[]}', '['.repeat(20_000),
  '{"error":'.repeat(20_000), ',', '\ufeff\ufeff{}',
]

export const BODY_CHANGES: Record<string, Change> = {
  otherBody: (reply, { random }) => ({ ...reply, body: Buffer.from(among(random, BODIES)) }),
  shortened: (reply, { random }) => ({
    ...reply,
    body: reply.body.subarray(0, between(random, 0, Math.max(0, reply.body.length - 1))),
  }),
  trailing: (reply, { random }) => ({
    ...reply,
    body: Buffer.concat([reply.body, Buffer.from(among(random, ['x', '{}', '\u0000', ']', '\n\n']))]),
  }),
  padded: (reply) => ({ ...reply, body: Buffer.concat([Buffer.alloc(200_000, '\n'), reply.body]) }),
  tooLong: (reply) => ({ ...reply, body: Buffer.concat([reply.body, Buffer.alloc(5_000_000, ' ')]) }),
}

/** Values that no run waits for are left out where it may not pause. */
function retryAfter ({ random, mayPause }: Surroundings): Array<[string, string]> {
  const odd = [
    '0',
    '-5',
    '0.05',
    '0.2',
    '0.2',
    '1',
    'soon',
    '',
    'NaN',
    '1e3',
    '0x10',
    '٣',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Invalid, 99 Foo 2026 99:99:99 GMT',
    '1, 2',
  ]
  const long = ['86400', '1e400', '9'.repeat(400), '61389', 'Fri, 31 Dec 9999 23:59:59 GMT', '3']
  const name = among(random, ['retry-after', 'Retry-After'])
  const value = mayPause && random() < 0.3 ? among(random, long) : among(random, odd)
  if (random() < 0.15) return [[name, value], [name, '0.1']]
  return random() < 0.2 ? [] : [[name, value]]
}

const HEADERS: Array<(surroundings: Surroundings) => Array<[string, string]>> = [
  () => [['content-type', 'text/html']],
  () => [['content-type', 'application/json; charset=utf-16']],
  () => [['content-type', 'multipart/form-data; boundary=x']],
  () => [],
  () => [['content-type', '']],
  () => [JSON_TYPE, ...Array.from({ length: 90 }, (_, n): [string, string] => [`x-h-${n}`, 'v'])],
  () => [JSON_TYPE, ...Array.from({ length: 3000 }, (_, n): [string, string] => [`x-h-${n}`, 'v'])],
  () => [JSON_TYPE, ['x-long', 'y'.repeat(20_000)]],
  ({ foreign }) => [
    JSON_TYPE,
    ['location', foreign],
    ['refresh', `0; url=${foreign}`],
    ['link', `<${foreign}>; rel=next`],
  ],
  () => [JSON_TYPE, ['set-cookie', 'a=b'], ['set-cookie', 'c=d']],
  (surroundings) => [JSON_TYPE, ...retryAfter(surroundings)],
  () => [JSON_TYPE, ['trailer', 'x'], ['upgrade', 'h2c']],
  () => [JSON_TYPE, ['keep-alive', 'timeout=0, max=0']],
  () => [JSON_TYPE, ['keep-alive', 'timeout=1e9']],
  () => [JSON_TYPE, ['cache-control', 'max-age=99999999'], ['etag', '""']],
]

const lengthOf = (body: Buffer): string => `content-length: ${body.length}\r\n\r\n`

function chunk (body: Buffer): string {
  return `${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n`
}

/** `head`: status line and headers, without the empty line. */
const WIRES: Record<string, NonNullable<Reply['wire']>> = {
  nothing: async (socket) => { socket.destroy() },
  reset: async (socket) => { socket.resetAndDestroy() },
  headOnly: async (socket, head) => { socket.end(head) },
  cutBody: async (socket, head, body) => {
    socket.end(Buffer.concat([Buffer.from(head + lengthOf(body)), body.subarray(0, body.length / 2)]))
  },
  longerThanSaid: async (socket, head, body) => {
    socket.end(Buffer.concat([Buffer.from(`${head}content-length: ${Math.max(0, body.length - 7)}\r\n\r\n`), body]))
  },
  twoLengths: async (socket, head, body) => {
    socket.end(
      `${head}content-length: ${body.length}\r\ncontent-length: ${body.length + 1}\r\n\r\n${body.toString('latin1')}`,
      'latin1'
    )
  },
  oddLength: async (socket, head, body) => {
    socket.end(`${head}content-length: -1\r\n\r\n${body.toString('latin1')}`, 'latin1')
  },
  hugeLength: async (socket, head, body) => {
    socket.end(`${head}content-length: 99999999999999\r\n\r\n${body.toString('latin1')}`, 'latin1')
  },
  untilClose: async (socket, head, body) => { socket.end(Buffer.concat([Buffer.from(`${head}\r\n`), body])) },
  chunked: async (socket, head, body) => {
    socket.end(
      `${head}transfer-encoding: chunked\r\n\r\n${chunk(body.subarray(0, 10))}${chunk(body.subarray(10))}0\r\n\r\n`,
      'latin1'
    )
  },
  cutChunks: async (socket, head, body) => {
    socket.end(`${head}transfer-encoding: chunked\r\n\r\n${chunk(body)}`, 'latin1')
  },
  brokenChunks: async (socket, head, body) => {
    socket.end(`${head}transfer-encoding: chunked\r\n\r\n${chunk(body)}zz\r\n`, 'latin1')
  },
  hugeChunk: async (socket, head, body) => {
    socket.end(`${head}transfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n${body.toString('latin1')}`, 'latin1')
  },
  chunkedWithLength: async (socket, head, body) => {
    socket.end(`${head}transfer-encoding: chunked\r\n${lengthOf(body)}${chunk(body)}0\r\n\r\n`, 'latin1')
  },
  early: async (socket, head, body) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(3))
    socket.end(Buffer.concat([Buffer.from(head + lengthOf(body)), body]))
  },
  continued: async (socket, head, body) => {
    socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 100 Continue\r\n\r\n${head}${lengthOf(body)}`), body]))
  },
  switching: async (socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nxxxx')
  },
  garbage: async (socket) => { socket.end('\u0000\u0001\u0002 this is no HTTP\r\n\r\n') },
  otherProtocol: async (socket, _head, body) => {
    socket.end(`HTTP/9.9 200\r\n\r\n${body.toString('latin1')}`, 'latin1')
  },
  oddStatus: async (socket, _head, body) => {
    socket.end(`HTTP/1.1 999999 Odd\r\n${lengthOf(body)}${body.toString('latin1')}`, 'latin1')
  },
  controlInHeader: async (socket, head, body) => {
    socket.end(`${head}x-odd: a\u0000b\u0007\r\n${lengthOf(body)}${body.toString('latin1')}`, 'latin1')
  },
  folded: async (socket, head, body) => {
    socket.end(`${head}x-odd: a\r\n  b\r\n${lengthOf(body)}${body.toString('latin1')}`, 'latin1')
  },
  extraBytes: async (socket, head, body) => {
    socket.end(Buffer.concat([Buffer.from(head + lengthOf(body)), body, Buffer.from('extra bytes')]))
  },
  extraAnswer: async (socket, head, body) => {
    socket.end(
      Buffer.concat([
        Buffer.from(head + lengthOf(body)),
        body,
        Buffer.from(`HTTP/1.1 200 OK\r\n${lengthOf(body)}`),
        body,
      ])
    )
  },
  stall: async (socket, head, body) => {
    socket.write(Buffer.concat([Buffer.from(head + lengthOf(body)), body.subarray(0, 20)]))
    await delay(60)
    socket.end(body.subarray(20))
  },
  byteByByte: async (socket, head, body) => {
    socket.setNoDelay(true)
    for (const byte of `${head}${lengthOf(body)}`) {
      socket.write(byte)
      if (byte === '\n') await delay(1)
    }
    socket.end(body)
  },
}

/** Such a wait is as long as the service's patience. */
const stallForGood = async (socket: Socket, head: string, body: Buffer): Promise<void> => {
  socket.write(`${head}${lengthOf(body)}{`)
  await delay(5000, undefined, { ref: false })
  socket.end()
}

export const FRAMINGS: Record<string, Change> = {
  ...Object.fromEntries(
    Object.entries(WIRES).map(([name, wire]) => [name, (reply: Reply): Reply => ({ ...reply, wire })])
  ),
  headers: (reply, surroundings) => ({
    ...reply,
    headers: among(surroundings.random, HEADERS)(surroundings),
    wire: async (socket, head, body) => {
      socket.end(Buffer.concat([Buffer.from(head + lengthOf(body), 'latin1'), body]))
    },
  }),
  stallForGood: (reply, { random }) =>
    random() < 0.5
      ? { ...reply, wire: stallForGood }
      : { ...reply, wire: WIRES['stall'] as NonNullable<Reply['wire']> },
}

const CLIENT_STATUSES = [
  400, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 413, 414, 415, 418, 421, 422, 423, 424, 425, 426, 428, 431,
  451, 499,
]
const SERVER_STATUSES = [500, 501, 502, 503, 503, 504, 505, 507, 508, 511, 520, 530, 599]
const ODD_STATUSES = [201, 202, 203, 204, 205, 206, 207, 226, 300, 303, 304, 305, 306, 600, 999]

const OAUTH_ERRORS = [
  'invalid_client',
  'server_error',
  'temporarily_unavailable',
  'invalid_request',
  'unauthorized_client',
  'invalid_grant',
  '',
]

/** Bodies under an error's status; some send back what they were sent. */
const ERROR_BODIES: Array<(status: number, surroundings: Surroundings) => string> = [
  (status) => JSON.stringify({ error: { status, message: 'Any message' } }),
  (status) => JSON.stringify({ error: { status, message: 'Invalid limit' } }),
  (status) => JSON.stringify({ error: { status, message: 'Too many ids requested' } }),
  (status) => JSON.stringify({ error: { status, message: 'Premium required', reason: 'PREMIUM_REQUIRED' } }),
  (_status, { random }) => JSON.stringify({ error: among(random, OAUTH_ERRORS), error_description: 'x' }),
  () => '<!doctype html><title>Error</title><h1>\u0000\u001b[31mred</h1>',
  () => '',
  () => 'Too many requests',
  () => '{"error":'.repeat(20_000),
  () => '['.repeat(5000) + ']'.repeat(5000),
  () => JSON.stringify({ error: { status: 'x', message: { toString: 1 }, reason: [] } }),
  () => JSON.stringify({ error: null }),
  (status) => JSON.stringify({ error: { status, message: '\r\n{"level":60,"msg":"forged"}\u0000\u001b[2J\u202e' } }),
  (status, { random }) => JSON.stringify({ error: { status, message: 'x'.repeat(between(random, 100, 3_000_000)) } }),
  (_status, { authorization, random }) => `${'.'.repeat(between(random, 0, 200))}${authorization}`,
  (_status, { authorization, random }) => `${' '.repeat(between(random, 0, 700))}${authorization}`,
  (status, { authorization, random }) =>
    JSON.stringify({
      error: {
        status,
        message: `${'.'.repeat(between(random, 0, 200))} you sent ${authorization}, a token`,
        reason: authorization,
      },
    }),
  (_status, { authorization, random }) =>
    JSON.stringify({
      error: `${'.'.repeat(between(random, 0, 200))}${authorization}`,
      error_description: decoded(authorization),
    }),
]

function decoded (authorization: string): string {
  return Buffer.from(authorization.split(' ')[1] ?? '', 'base64').toString()
}

/** An answer with a status of its own. */
function refusal (statuses: number[]): Change {
  return (_reply, surroundings) => {
    const { random } = surroundings
    const status = among(random, statuses)
    return {
      status,
      headers: [JSON_TYPE, ...(random() < 0.4 ? retryAfter(surroundings) : [])],
      body: json(among(random, ERROR_BODIES)(status, surroundings)),
    }
  }
}

export const STATUSES: Record<string, Change> = {
  client: refusal(CLIENT_STATUSES),
  server: refusal(SERVER_STATUSES),
  odd: (reply, { random }) => ({ ...reply, status: among(random, ODD_STATUSES) }),
  unauthorized: refusal([401]),
  forbidden: refusal([403]),
  notFound: refusal([404]),
  redirect: (reply, { random, foreign, self, path }) => ({
    ...reply,
    status: among(random, [301, 302, 303, 307, 308]),
    headers: [['location', among(random, [foreign + path, `${self}${path}`, '//x', 'javascript:1', ''])]],
  }),
  limited: (_reply, surroundings) => {
    const named = retryAfter(surroundings)
    const reason = surroundings.mayPause && surroundings.random() < 0.2 ? 'QUOTA_EXCEEDED' : 'x'
    return {
      status: 429,
      headers: named.length > 0 ? named : [['retry-after', '0.1']],
      body: json(
        surroundings.random() < 0.5
          ? 'Too many requests'
          : { error: { status: 429, message: 'Too many requests', reason } }
      ),
    }
  },
}

import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { type Random, between, pick } from '../../src/sandbox/random.ts'

/** One HTTP answer, before it is written to a socket. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
  /** The text of a body that is packed. */
  text?: Buffer
}

/** How an answer reaches the client: `whole`, or broken off, or as bytes that no HTTP server sends. */
export type Delivery = { kind: 'whole', answer: Answer } | { kind: 'raw', bytes: Buffer, text: Buffer } | { kind: 'reset' } | { kind: 'stall' }

export interface Context {
  random: Random
  /** The address of the service's API. */
  apiUrl: string
  /** Another origin, which must never be asked. */
  foreignUrl: string
  /** Ids of albums that there are. */
  albumIds: readonly string[]
}

type Json = Record<string, unknown>
type Change = (answer: Answer, context: Context) => Delivery

const MEBIBYTE = 1024 * 1024
const SECRET_PLACE = '@raw@'
const whole = (answer: Answer): Delivery => ({ kind: 'whole', answer })

/** JSON text that `JSON.stringify` would not write. */
function raw (text: string): string {
  return `${SECRET_PLACE}${text}${SECRET_PLACE}`
}

function stringify (value: unknown): string {
  return JSON.stringify(value ?? null).replaceAll(new RegExp(`"${SECRET_PLACE}(.*?)${SECRET_PLACE}"`, 'g'), '$1')
}

function jsonOf ({ body }: Answer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return null
  }
}

function withJson (answer: Answer, value: unknown): Delivery {
  return whole({ ...answer, body: Buffer.from(stringify(value)) })
}

const nest = (depth: number): string => raw('['.repeat(depth) + ']'.repeat(depth))

function oddValue ({ random, albumIds, foreignUrl }: Context): unknown {
  return pick<() => unknown>(random, [
    () => null, () => true, () => 0, () => -1, () => 1.5, () => 1e9, () => 2 ** 53, () => '', () => 'x', () => ' ', () => [], () => ({}), () => [null], () => [[]], () => ({ id: 'x' }),
    () => raw('12345678901234567890'), () => raw('1e400'), () => raw('-0'), () => raw('1.0000000000000000001'), () => nest(60), () => nest(101), () => nest(20_000),
    () => 'x'.repeat(MEBIBYTE), () => '\ud800', () => '\u0000\u001b[31m\r\n{"level":60}', () => '../../../etc/passwd', () => '__proto__', () => pick(random, [albumIds[0] ?? '', ...albumIds]),
    () => `${foreignUrl}/v1/albums`, () => 'a'.repeat(65), () => '%2e%2e', () => Array.from({ length: 3000 }, () => null), () => '=cmd|x', () => '\u202e\ufeff',
  ])()
}

/** All places of a JSON value: the object or array, and the key in it. */
function placesOf (value: unknown, places: Array<{ holder: Json, key: string }> = []): Array<{ holder: Json, key: string }> {
  if (typeof value !== 'object' || value === null) return places
  for (const key of Object.keys(value)) {
    places.push({ holder: value as Json, key })
    if (places.length < 5000) placesOf((value as Json)[key], places)
  }
  return places
}

/** A place, most often one that the service reads. */
function placeIn (value: unknown, { random }: Context): { holder: Json, key: string } | undefined {
  const places = placesOf(value)
  const read = places.filter(({ key }) => /^(id|items|albums|tracks|next|total|total_tracks|name|artists|limit|offset|release_date|uri|linked_from|track_number|disc_number|access_token|expires_in|token_type|0)$/.test(key))
  const [first, ...others] = random() < 0.7 && read.length > 0 ? read : places
  return first === undefined ? undefined : pick(random, [first, ...others])
}

function changing (change: (holder: Json, key: string, context: Context) => void): Change {
  return (answer, context) => {
    const value = { root: jsonOf(answer) }
    const place = placeIn(value, context)
    if (place === undefined || value.root === null) return whole({ ...answer, body: Buffer.from('null') })
    change(place.holder, place.key, context)
    return withJson(answer, value.root)
  }
}

const list = (value: unknown): unknown[] => Array.isArray(value) ? value as unknown[] : [value]

/** Types, nesting, sizes, ids and numbers. */
const STRUCTURE: Change[] = [
  changing((holder, key, context) => { holder[key] = oddValue(context) }),
  changing((holder, key, context) => { holder[key] = oddValue(context) }),
  changing((holder, key, context) => { holder[key] = oddValue(context) }),
  changing((holder, key) => { Reflect.deleteProperty(holder, key) }),
  changing((holder, key) => {
    holder[`${key}_`] = holder[key]
    Reflect.deleteProperty(holder, key)
  }),
  changing((holder, key) => { holder[key] = [holder[key]] }),
  changing((holder, key) => { holder[key] = { [key]: holder[key] } }),
  changing((holder, key) => { holder[key] = list(holder[key]).toReversed() }),
  changing((holder, key) => { holder[key] = list(holder[key]).flatMap((item) => [item, item]) }),
  changing((holder, key, context) => { holder[key] = [...list(holder[key]), null, oddValue(context)] }),
  changing((holder, key) => { holder[key] = list(holder[key]).slice(1) }),
  changing((holder, key) => { holder[key] = [] }),
  changing((holder, key) => { holder[key] = Array.from({ length: 400 }, () => list(holder[key])[0]) }),
  (answer) => whole({ ...answer, body: Buffer.from(answer.body.toString().replace(/^\{/, '{"__proto__":{"items":[],"id":"x"},"constructor":1,"toString":null,"hasOwnProperty":false,')) }),
  (answer) => whole({ ...answer, body: Buffer.from(answer.body.toString().replace(/"id":"\w+"/, '$&,"id":"x"')) }),
]

/** Claims: totals, and where the next page is. */
const CLAIMS: Change[] = [
  ...[1e9, 2 ** 53, -1, 0, 1200, 100_000, '12', null].map((total): Change => (answer) => whole({ ...answer, body: Buffer.from(answer.body.toString().replaceAll(/"total(_tracks)?":\d+/g, `"total$1":${JSON.stringify(total)}`)) })),
  (answer, context) => {
    const { random, apiUrl, foreignUrl } = context
    const next = pick<unknown>(random, [
      `${foreignUrl}/v1/albums?offset=50&limit=50`, `${foreignUrl.replace('http://', 'http://user:password@')}/`, `${apiUrl}/albums`, `${apiUrl}/me?offset=20`, `${apiUrl}/search?offset=0`, `${apiUrl}/search?offset=999999999`,
      `${apiUrl}/search?offset=-20`, `${apiUrl}/search?q=tag%3Anew&type=album&offset=10&limit=10&offset=20`, 'javascript:alert(1)', '/v1/search?offset=20', '//elsewhere.invalid/', 'about:blank', `${apiUrl}/?${'x'.repeat(5000)}`, 7, true, {}, ['x'],
      `${apiUrl}/../../sandbox/settings`, `${apiUrl.replace('http:', 'https:')}/search?offset=20`, 'http://', '\u0000', `${apiUrl}/search?offset=20#${foreignUrl}`, `${apiUrl}@${foreignUrl.slice(7)}/`,
    ])
    return whole({ ...answer, body: Buffer.from(answer.body.toString().replaceAll(/"next":(null|"[^"]*")/g, () => `"next":${JSON.stringify(next)}`)) })
  },
]

/** Content codings, and characters. */
const ENCODINGS: Change[] = [
  ...([['gzip', gzipSync], ['GZIP', gzipSync], ['x-gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync], ['identity', (body: Buffer) => body], ['gzip, gzip', (body: Buffer) => gzipSync(gzipSync(body))]] as const)
    .map(([coding, pack]): Change => (answer) => whole(coded(answer, coding, pack(answer.body)))),
  (answer) => whole(coded(answer, 'gzip', answer.body)),
  (answer) => whole(coded(answer, 'gzip', gzipSync(answer.body).subarray(0, -9))),
  (answer) => whole(coded(answer, 'gzip', Buffer.concat([gzipSync(answer.body), Buffer.from('trailing')]))),
  (answer) => whole(coded(answer, 'zstd, unknown', answer.body)),
  (answer) => whole(coded(answer, Array.from({ length: 40 }, () => 'gzip').join(), gzipSync(answer.body))),
  (answer) => whole({ ...answer, body: gzipSync(answer.body) }),
  (answer) => whole(coded(answer, 'gzip', gzipSync(`${' '.repeat(30 * MEBIBYTE)}{}`, { level: 1 }))),
  (answer) => whole(coded(answer, 'gzip', gzipSync(`${answer.body.toString().slice(0, -1)},"x":[${'{},'.repeat(MEBIBYTE)}{}]}`, { level: 1 }))),
  (answer) => whole({ ...answer, body: Buffer.concat([Buffer.from('\ufeff'), answer.body]) }),
  (answer) => whole({ ...answer, body: Buffer.from(answer.body.toString(), 'utf16le') }),
  (answer) => whole({ ...answer, body: Buffer.from(answer.body.toString(), 'latin1') }),
  (answer, { random }) => {
    const body = Buffer.from(answer.body)
    for (let flips = 0; flips < 3 && body.length > 0; flips++) body[between(random, 0, body.length - 1)] = between(random, 0, 255)
    return whole({ ...answer, body })
  },
]

function coded (answer: Answer, coding: string, body: Buffer): Answer {
  return { ...answer, headers: { ...answer.headers, 'content-encoding': coding }, body, text: answer.body }
}

/** Headers: many, odd, and such as name a time. */
const HEADERS: Change[] = [
  ...['text/html', '', 'application/json; charset=utf-7', 'x'.repeat(2000)].map((type): Change => (answer) => whole({ ...answer, headers: { ...answer.headers, 'content-type': type } })),
  (answer) => whole({ ...answer, headers: { ...answer.headers, ...Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`x-${at}`, 'y'])) } }),
  (answer) => whole({ ...answer, headers: { ...answer.headers, 'x-long': 'y'.repeat(40_000) } }),
  (answer) => whole({ ...answer, headers: { ...answer.headers, 'retry-after': '99999999' } }),
  (answer) => whole({ ...answer, headers: { ...answer.headers, 'set-cookie': 'a=b', location: 'http://elsewhere.invalid/' } }),
]

/** Framing: answers that end early, late or never, or are no HTTP. */
const FRAMING: Change[] = [
  () => ({ kind: 'reset' }),
  () => ({ kind: 'stall' }),
  (answer) => whole({ ...answer, body: Buffer.alloc(0) }),
  ({ body }) => framed(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length + 50}\r\n\r\n`, body),
  ({ body }) => framed(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`, body.subarray(0, body.length >> 1)),
  ({ body }) => framed(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`, Buffer.concat([body, Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')]), body),
  ({ body }) => framed('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\n', body),
  ({ body }) => framed('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', body),
  ({ body }) => framed(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`, body),
  ({ body }) => framed(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: ${body.length}\r\n\r\n${body.length.toString(16)}\r\n`, Buffer.concat([body, Buffer.from('\r\n0\r\n\r\n')]), body),
  ({ body }) => framed('HTTP/1.0 200 OK\r\n\r\n', body.subarray(0, body.length >> 1)),
  ({ body }) => framed(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`, body),
  () => framed('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', Buffer.from('x')),
  () => framed('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', Buffer.alloc(0)),
  () => framed('SSH-2.0-OpenSSH_9.2\r\n', Buffer.alloc(0)),
]

function framed (head: string, body: Buffer, text = body): Delivery {
  return { kind: 'raw', bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]), text }
}

const BODIES: Array<(answer: Answer) => Buffer | string> = [
  () => '', () => '<!doctype html><title>Bad gateway</title>', () => 'null', () => '[]', () => '"x"', () => '{"error":null}', () => '{"error":{"status":"x","message":{"a":[1]}}}',
  () => '{"error":{"status":403,"message":"\\u001b[2J\\n{\\"level\\":60,\\"msg\\":\\"forged\\"}"}}', () => `{"error":{"message":"${'x'.repeat(100_000)}"}}`, () => `{"error":${'['.repeat(5000)}${']'.repeat(5000)}}`,
  () => '{"error":"invalid_client","error_description":7}', () => '{"error":{"status":400,"message":"Invalid limit"}}', () => '\u0000\u0001', ({ body }) => body,
]

/** Statuses that mean something else, with bodies of any kind. */
const STATUSES: Change[] = [
  ...[204, 206, 300, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 429, 451, 500, 501, 502, 503, 504, 520, 599].map((status): Change => (answer, { random }) => {
    const body = Buffer.from(pick(random, [BODIES[0] ?? (() => ''), ...BODIES])(answer))
    return whole({ ...answer, status, body: [204, 304].includes(status) ? Buffer.alloc(0) : body })
  }),
  ...[301, 302, 303, 307, 308].map((status): Change => (answer, { foreignUrl }) => whole({ ...answer, status, headers: { location: `${foreignUrl}/v1/albums` }, body: Buffer.alloc(0) })),
  ...['0', '-1', '1', 'abc', '0.5', '1e3', '1, 2', 'Thu, 01 Jan 1970 00:00:00 GMT', '  1  ', 'Infinity', '0x10'].map((time): Change => (answer) => whole({ ...answer, status: 429, headers: { ...answer.headers, 'retry-after': time }, body: Buffer.from('{"error":{"status":429,"message":"API rate limit exceeded"}}') })),
]

/** Answers after which nobody may be asked for long: a run pauses. */
const PAUSES: Change[] = ['90000', '99999999999999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'].map((time): Change => (answer) => whole({ ...answer, status: 429, headers: { ...answer.headers, 'retry-after': time } }))

const FAMILIES: Array<[weight: number, changes: Change[]]> = [[40, STRUCTURE], [12, CLAIMS], [14, ENCODINGS], [6, HEADERS], [12, FRAMING], [15.7, STATUSES], [0.3, PAUSES]]

/** Changes an honest answer in one of many ways, as `random` says. */
export function changeAnswer (answer: Answer, context: Context): Delivery {
  let left = context.random() * FAMILIES.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, changes] of FAMILIES) {
    left -= weight
    const [first, ...others] = changes
    if (left < 0 && first !== undefined) return pick(context.random, [first, ...others])(answer, context)
  }
  return whole(answer)
}

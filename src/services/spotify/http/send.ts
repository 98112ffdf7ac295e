import type { Dispatcher } from 'undici'
import { ServiceError } from '../../../errors.ts'
import { type SpotifyResponse, type Body, parseBody } from './response.ts'
import { type AnswerRoom, MAX_RESPONSE_BYTES } from './response-budget.ts'
import { faultOf } from './connection-fault.ts'
import { TooLongError, codingsOf, unpack } from './content-coding.ts'

/** What carries requests: a dispatcher of undici, or what stands for one. */
export interface Outbound {
  request: (options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>
}

interface Request {
  method: 'GET' | 'POST'
  url: URL
  headers: Record<string, string>
  body?: string
}

interface Limits {
  signal: AbortSignal
  /** From the start to the last byte, without the time that the answer waits for room. */
  timeoutMs: number
  /** Released by the caller when it has no more use for the answer. */
  room: AnswerRoom
}

/**
 * One request and its whole answer. What goes wrong on the way (refused, reset, cut, too slow, undecodable)
 * is an answer too. Redirects are not followed: the token goes nowhere else.
 * Throws the caller's abort, and `upstream_unavailable` for what would go wrong at every try of every call: a
 * certificate, a proxy's rules.
 */
export async function send (
  dispatcher: Outbound, request: Request, { signal, timeoutMs, room }: Limits
): Promise<SpotifyResponse> {
  signal.throwIfAborted()
  const controller = new AbortController()
  const onAbort = (): void => controller.abort()
  const timer = startTimer(timeoutMs, onAbort)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await receive(dispatcher, request, { room, timer, signal: controller.signal }, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (controller.signal.aborted) return { kind: 'broken', reason: `gave no whole answer within ${timeoutMs} ms` }
    const { reason, isLasting } = faultOf(error, request.url.origin)
    if (isLasting) {
      throw new ServiceError('upstream_unavailable', `Spotify ${reason}`, { cause: error, affectsEveryCall: true })
    }
    return { kind: 'broken', reason }
  } finally {
    timer.stop()
    signal.removeEventListener('abort', onAbort)
  }
}

interface Reading {
  room: AnswerRoom
  timer: Timer
  signal: AbortSignal
}

async function receive (
  dispatcher: Outbound, request: Request, reading: Reading, caller: AbortSignal
): Promise<SpotifyResponse> {
  const { statusCode, headers, body } = await dispatcher.request({
    origin: request.url.origin,
    path: request.url.pathname + request.url.search,
    method: request.method,
    headers: { accept: 'application/json', 'accept-encoding': 'gzip', 'accept-language': 'en', ...request.headers },
    body: request.body ?? null,
    signal: reading.signal,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const retryAfter = headers['retry-after']
  const response = {
    kind: 'response',
    status: statusCode,
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
  } as const
  try {
    return { ...response, body: await readBody(body, headers['content-encoding'], reading) }
  } catch (error) {
    if (statusCode !== 429 || caller.aborted) throw error
    return { ...response, body: { kind: 'empty' } }
  }
}

/** Read, unpack and parse a body, each only when there is room for it. */
async function readBody (
  body: Dispatcher.ResponseData['body'], encoding: string | string[] | undefined, { room, timer, signal }: Reading
): Promise<Body> {
  const small = await timer.paused(async () => await room.small(signal))
  const large = async (): Promise<number> => await timer.paused(async () => await room.large(signal))
  try {
    const sent = await readBytes(body, small, large)
    const codings = codingsOf(encoding)
    if (sent.length === 0) return { kind: 'empty' }
    if (codings === null) {
      return { kind: 'unreadable', reason: 'a body in a Content-Encoding that was not asked for and is not known' }
    }
    const text = (await unpackWithin(sent, codings, small, large)).toString().replace(/^\uFEFF/, '')
    await timer.paused(async () => await room.parsed(text.length, signal))
    return parseBody(text)
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error
    return {
      kind: 'unreadable',
      reason: `a body of more than ${MAX_RESPONSE_BYTES} bytes, which no answer of Spotify has`,
    }
  }
}

async function readBytes (body: AsyncIterable<Buffer>, small: number, large: () => Promise<number>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  let most = small
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_RESPONSE_BYTES) throw new TooLongError()
    if (length > most) most = await large()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

async function unpackWithin (
  sent: Buffer, codings: readonly string[], small: number, large: () => Promise<number>
): Promise<Buffer> {
  if (sent.length <= small) {
    try {
      return await unpack(sent, codings, small)
    } catch (error) {
      if (!(error instanceof TooLongError)) throw error
    }
  }
  return await unpack(sent, codings, await large())
}

interface Timer {
  /** Do this while the time stands still. */
  paused: <T>(work: () => Promise<T>) => Promise<T>
  stop: () => void
}

function startTimer (ms: number, onEnd: () => void): Timer {
  let leftMs = ms
  let startedMs = performance.now()
  let timeout = setTimeout(onEnd, leftMs)
  return {
    async paused (work) {
      clearTimeout(timeout)
      leftMs -= performance.now() - startedMs
      try {
        return await work()
      } finally {
        startedMs = performance.now()
        timeout = setTimeout(onEnd, Math.max(0, leftMs))
      }
    },
    stop: () => clearTimeout(timeout),
  }
}

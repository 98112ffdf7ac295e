import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Dispatcher } from 'undici'
import { type Answer, parseBody } from './answer.ts'

const unzip = promisify(gunzip)

/** More than ten times the largest album page ever seen: a longer body is not an answer of Spotify. */
const LARGEST_BODY_BYTES = 32 * 1024 * 1024

interface Request {
  method: 'GET' | 'POST'
  url: URL
  headers: Record<string, string>
  body?: string
}

interface Limits {
  signal: AbortSignal
  /** From the start to the last byte. */
  timeoutMs: number
}

/**
 * One request and its whole answer. What goes wrong on the way (refused, reset, cut, too slow, undecodable)
 * is an answer too; only the caller's own abort is thrown. Redirects are not followed: the token goes nowhere else.
 */
export async function exchange (dispatcher: Dispatcher, request: Request, { signal, timeoutMs }: Limits): Promise<Answer> {
  signal.throwIfAborted()
  const controller = new AbortController()
  const onAbort = (): void => controller.abort()
  const timer = setTimeout(onAbort, timeoutMs)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await send(dispatcher, request, controller.signal, signal)
  } catch (error) {
    signal.throwIfAborted()
    const reason = controller.signal.aborted ? `gave no whole answer within ${timeoutMs} ms` : describe(error)
    return { kind: 'broken', reason }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

async function send (dispatcher: Dispatcher, request: Request, signal: AbortSignal, caller: AbortSignal): Promise<Answer> {
  const { statusCode, headers, body } = await dispatcher.request({
    origin: request.url.origin,
    path: request.url.pathname + request.url.search,
    method: request.method,
    headers: { accept: 'application/json', 'accept-encoding': 'gzip', 'accept-language': 'en', ...request.headers },
    body: request.body ?? null,
    signal,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const retryAfter = headers['retry-after']
  const answer = { kind: 'response', status: statusCode, retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter } as const
  try {
    return { ...answer, body: parseBody(await readText(body, headers['content-encoding'])) }
  } catch (error) {
    if (statusCode !== 429 || caller.aborted) throw error
    return { ...answer, body: { kind: 'empty' } }
  }
}

async function readText (body: AsyncIterable<Buffer>, encoding: unknown): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > LARGEST_BODY_BYTES) throw new Error(`sent more than ${LARGEST_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  const raw = Buffer.concat(chunks, length)
  return (encoding === 'gzip' && length > 0 ? await unzip(raw, { maxOutputLength: LARGEST_BODY_BYTES }) : raw).toString('utf8')
}

/** The connection's error as evidence: its code says more than its message. */
function describe (error: unknown): string {
  if (!(error instanceof Error)) return 'broke the connection'
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return `broke the connection: ${error.message}${code}`
}

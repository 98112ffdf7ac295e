import type { FastifyReply } from 'fastify'
import type { Answer } from '../http/answers.ts'
import { compress, type Gzip } from '../http/gzip.ts'
import type { World } from './sandbox.ts'
import type { CallRecord } from './stats.ts'
import { writeJson } from '../http/write-json.ts'

type Send = () => FastifyReply

/**
 * Encodes an answer and returns the function that sends it. The record is closed before the first byte is sent, so
 * that a client that has its answer finds it in the statistics.
 */
export function prepare (
  world: World, record: CallRecord, reply: FastifyReply, answer: Answer, served: readonly string[] = []
): Send {
  switch (answer.kind) {
    case 'json':
    case 'text': {
      const body = answer.kind === 'json'
        ? encode(reply, answer.body, answer.gzip)
        : { bytes: answer.text, headers: { 'content-type': answer.type } }
      const headers = { 'cache-control': 'private, max-age=0', ...answer.headers, ...body.headers }
      return () => {
        record.end(String(answer.status), served)
        noteRetryAfter(world, answer)
        return reply.code(answer.status).headers(headers).send(body.bytes)
      }
    }
    case 'cut': {
      const body = encode(reply, answer.body)
      return () => {
        record.end('cut')
        return cut(reply, body)
      }
    }
    case 'reset':
      return () => {
        record.end('reset')
        return reset(reply)
      }
    case 'stall':
      return () => {
        reply.raw.once('close', () => record.end('stall'))
        return reply.hijack()
      }
  }
}

interface Encoded { readonly bytes: Buffer, readonly headers: Record<string, string> }

function cut (reply: FastifyReply, { bytes, headers }: Encoded): FastifyReply {
  reply.hijack()
  reply.raw.writeHead(200, { ...headers, 'content-length': bytes.length })
  reply.raw.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => reply.raw.destroy())
  return reply
}

/** Encodes JSON, compressed if the client accepts gzip or the answer names an encoding. */
function encode (reply: FastifyReply, body: unknown, gzip?: Gzip): Encoded {
  const bytes = Buffer.from(writeJson(body))
  const headers = { 'content-type': 'application/json; charset=utf-8', vary: 'Accept-Encoding' }
  const acceptsGzip = /\bgzip\b/.test(String(reply.request.headers['accept-encoding']))
  if (gzip === undefined && !acceptsGzip) return { bytes, headers }
  const encoding = { 'content-encoding': gzip?.label ?? 'gzip' }
  return { bytes: compress(bytes, gzip?.paddedBytes), headers: { ...headers, ...encoding } }
}

/** Resets the TCP connection; injected requests have none and are destroyed. */
function reset (reply: FastifyReply): FastifyReply {
  const { socket } = reply.request.raw
  reply.hijack()
  if (typeof socket.resetAndDestroy === 'function') socket.resetAndDestroy()
  else socket.destroy()
  return reply
}

/** Records the pause that a 429 names: Retry-After is seconds or a date (RFC 9110, section 10.2.3). */
function noteRetryAfter (world: World, answer: Extract<Answer, { kind: 'json' | 'text' }>): void {
  const value = answer.headers?.['retry-after']
  if (answer.status !== 429 || value === undefined) return
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  if (seconds > 0) world.recorder.retryAfterNamed(seconds)
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'

const LONGEST_WAIT_S = 120

/** `?wait=SECONDS`: answer as soon as the run ends or the time is over. */
export const Wait = Type.Integer({
  minimum: 0,
  maximum: LONGEST_WAIT_S,
  description: 'seconds to wait for the end of the run; `Prefer: wait=SECONDS` says the same',
})
export const WaitQuery = Type.Object({ wait: Type.Optional(Wait) }, { additionalProperties: false })

/**
 * How long the client wants to wait, in milliseconds: by the query, else by `Prefer`, which is only a wish: a
 * longer one is cut, a malformed one is passed over.
 * Source: RFC 7240, section 4.3
 */
export function waitMs ({ headers, query }: FastifyRequest, reply: FastifyReply): number {
  const { wait } = query as { wait?: number }
  if (wait !== undefined) return wait * 1000
  const preferred = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i.exec(String(headers['prefer'] ?? ''))?.[1]
  if (preferred === undefined) return 0
  const seconds = Math.min(Number(preferred), LONGEST_WAIT_S)
  reply.header('preference-applied', `wait=${seconds}`)
  return seconds * 1000
}

const NEVER = new AbortController().signal

/** Aborted when the client has gone, where it waits at all: nobody waits for it any longer. The run goes on. */
export function clientGone (reply: FastifyReply, ms: number): AbortSignal {
  if (ms === 0) return NEVER
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'

/** What tells one state of a representation from another. */
export interface Validators {
  /** Strong: equal tags mean equal bytes. */
  etag: string
  /** Epoch milliseconds; HTTP knows whole seconds only. */
  modifiedMs: number
}

/** Sets the headers by which the client can ask whether it has this state already. */
export function identify (reply: FastifyReply, { etag, modifiedMs }: Validators): void {
  reply.headers({ 'cache-control': 'private, no-cache', etag, 'last-modified': new Date(modifiedMs).toUTCString() })
}

/**
 * Whether a read may go on, need not (the client has it), or must not (it is not what the client took it for).
 * An invalid date is ignored.
 * Source: RFC 9110, section 13.2.2
 */
export function checkPreconditions (
  headers: IncomingHttpHeaders, { etag, modifiedMs }: Validators
): 'go on' | 'not modified' | 'failed' {
  const modified = wholeSecond(modifiedMs)
  if (headers['if-match'] !== undefined) {
    if (!names(headers['if-match'], etag, 'strong')) return 'failed'
  } else if (modified > dateOf(headers['if-unmodified-since'])) return 'failed'
  if (headers['if-none-match'] !== undefined) {
    return names(headers['if-none-match'], etag, 'weak') ? 'not modified' : 'go on'
  }
  return modified <= dateOf(headers['if-modified-since']) ? 'not modified' : 'go on'
}

/** Returns whether a part belongs to what the client already has. Source: RFC 9110, section 13.1.5 */
export function isRangeWanted (headers: IncomingHttpHeaders, { etag, modifiedMs }: Validators): boolean {
  const validator = headers['if-range']
  if (validator === undefined) return true
  const condition = String(validator).trim()
  return condition === etag || dateOf(condition) === wholeSecond(modifiedMs)
}

const TAG = /(W\/)?("[^"]*")/g

function names (list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true
  return [...list.matchAll(TAG)].some(([, weak, tag]) => tag === etag && (comparison === 'weak' || weak === undefined))
}

function wholeSecond (ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

/** Epoch milliseconds; NaN, which no comparison holds for, where there is no date. */
function dateOf (header: string | undefined): number {
  return Date.parse(header ?? '')
}

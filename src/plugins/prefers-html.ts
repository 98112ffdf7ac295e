import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/** Whether a client wants a page: browsers name HTML, and programs that take anything get JSON. */
export function prefersHtml ({ headers: { accept } }: Pick<FastifyRequest, 'headers'>): boolean {
  if (accept === undefined || accept.trim() === '') return false
  return new Negotiator({ headers: { accept } }).mediaType([
    'application/json', 'application/problem+json', 'text/html',
  ]) === 'text/html'
}

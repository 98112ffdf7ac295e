import { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * Who takes no byte for so long is gone without a word, and would keep open what is sent: Node then closes the
 * connection. With the next request on the same one, Node takes its own limit again.
 */
export function dropStalled ({ server, socket }: FastifyRequest): void {
  if (socket instanceof Socket) socket.setTimeout(server.dependencies.stalledMs)
}

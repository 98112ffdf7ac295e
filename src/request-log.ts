import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/**
 * One line for each request, when it is over, in place of Fastify's two: at many requests a second, a line costs as much as the answer
 * to whom has the document already. Also a client that goes away leaves its line. What is under way is told at the level debug.
 */
export class RequestLog extends LogController {
  override incomingRequest (request: FastifyRequest, reply: FastifyReply): void {
    const { method, url, ip } = request
    request.log.debug({ method, url, ip }, 'incoming request')
    reply.raw.once('close', () => {
      const { statusCode: status, writableFinished } = reply.raw
      request.log.info({ method, url, ip, status, ms: Math.round(10 * reply.elapsedTime) / 10 }, writableFinished ? 'request completed' : 'request aborted')
    })
  }

  override requestCompleted (error: Error | null | undefined, request: FastifyRequest): void {
    if (error != null) request.log.error({ err: error }, 'request errored')
  }
}

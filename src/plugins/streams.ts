import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import fp from 'fastify-plugin'
import { type Conversions, createConversions } from '../formats/conversions.ts'

declare module 'fastify' {
  interface FastifyInstance {
    conversions: Conversions
  }
}

/**
 * `app.conversions`, and answers that fail half-way: their connection is reset. A mere end would do for HTTP/1.1, where
 * the last chunk is missing then; to HTTP/1.0, which nginx speaks to its upstreams unless told otherwise, half an
 * answer would look whole.
 */
export default fp(async (app) => {
  app.decorate('conversions', createConversions())
  app.addHook('onSend', async (request, reply, payload) => {
    if (!(payload instanceof Readable)) return
    payload.once('error', () => {
      if (reply.raw.headersSent && request.socket instanceof Socket) request.socket.resetAndDestroy()
    })
  })
}, { name: 'streams' })

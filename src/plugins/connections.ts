import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'
import { maxOpenFiles } from '../services/open-files.ts'
import { connectionsWithin, createConnectionBound } from './connection-bound.ts'

const ACCEPTED = 'net.server.socket'
const WARN_EVERY_MS = 60_000
const RETRY_AFTER_SECONDS = 1

/** Keeps connections below the limit of open files, so that runs never lack a file because of clients. */
export default fp(async (app) => {
  const openFiles = maxOpenFiles()
  const max = connectionsWithin(openFiles, app.config.SPOTIFY_MAX_CONCURRENCY)
  let warnedMs = -Infinity
  const bound = createConnectionBound<Socket>(max, () => {
    const nowMs = performance.now()
    if (nowMs - warnedMs < WARN_EVERY_MS) return
    warnedMs = nowMs
    app.log.warn({ connections: max, openFiles }, 'connection limit reached; closing idle connections')
  })

  /** HOST=localhost has a server for each address, made by Fastify; all have the same request handler. */
  const isOurs = ({ server }: Socket & { server?: Server }): boolean =>
    server?.listeners('request')[0] === app.server.listeners('request')[0]
  const accept = (message: unknown): void => {
    const { socket } = message as { socket: Socket }
    if (isOurs(socket)) bound.opened(socket)
  }
  app.server.maxConnections = 2 * max // connections that are being closed count too
  subscribe(ACCEPTED, accept)
  app.addHook('onClose', async () => { unsubscribe(ACCEPTED, accept) })

  app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    const isAccepted = bound.started(socket)
    reply.raw.once('close', () => bound.finished(socket))
    if (isAccepted) return
    void reply.header('connection', 'close')
    throw new ServiceError(
      'too_many_connections',
      'as many requests are under way as the limit of open files allows: send the request again in a moment, or ' +
        'raise that limit (ulimit -n)',
      { retryAfterSeconds: RETRY_AFTER_SECONDS }
    )
  })
}, { name: 'connections', dependencies: ['config', 'error-handler'] })

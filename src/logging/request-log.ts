import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/**
 * One line for each request, when it is over, in place of Fastify's two: at many requests a second, a line costs as
 * much as the answer to whom has the document already. Also a client that goes away leaves its line. What is under way
 * is told at the level debug.
 */
export class RequestLog extends LogController {
  override incomingRequest (request: FastifyRequest, reply: FastifyReply): void {
    const { method, ip } = request
    const url = loggedUrl(request)
    request.log.debug({ method, url, ip }, 'incoming request')
    reply.raw.once('close', () => {
      const { statusCode: status, writableFinished } = reply.raw
      request.log.info(
        { method, url, ip, status, ms: Math.round(10 * reply.elapsedTime) / 10 },
        writableFinished ? 'request completed' : 'request aborted'
      )
    })
  }

  override requestCompleted (error: Error | null | undefined, request: FastifyRequest): void {
    if (error != null) request.log.error({ err: error }, 'request errored')
  }
}

/**
 * Returns path and query of a request without what could be a secret: a value is shown only for a parameter that the
 * route's schema names, so `?api_key=` and its like never reach the log, and neither does the authority of a URL in
 * absolute form.
 */
export function loggedUrl ({ url, routeOptions }: Pick<FastifyRequest, 'url' | 'routeOptions'>): string {
  const { properties = {} } = routeOptions.schema?.querystring as { properties?: object } | undefined ?? {}
  const [target = '', ...query] = url.split('#')[0]?.split('?') ?? []
  const path = pathOf(target)
  if (query.length === 0) return path
  return `${path}?${query.join('?').split('&').map((parameter) => loggedParameter(parameter, properties)).join('&')}`
}

/** The path of a request target, which may be a whole URL. */
export function pathOf (target: string): string {
  return target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '') || '/'
}

const REDACTED = '[redacted]'

function loggedParameter (parameter: string, known: object): string {
  const [name = '', ...value] = parameter.split('=')
  if (value.length > 0 && Object.hasOwn(known, name)) return parameter
  return value.length > 0 && /^[\w.-]{1,32}$/.test(name) ? `${name}=${REDACTED}` : REDACTED
}

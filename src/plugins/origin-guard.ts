import fp from 'fastify-plugin'
import { isLoopback, keysOf } from '../config.ts'
import { ServiceError } from '../errors.ts'
import { judgeOrigin } from './origin-policy.ts'

const REFUSALS = {
  forbidden_origin: 'a page of another site asks for this: open the service itself, set PUBLIC_URL if this page is ' +
    'its own, or set API_KEYS and send one of them',
  misdirected_request: 'the Host of this request is not one of this service, which answers for loopback addresses ' +
    'and localhost: use those, or set PUBLIC_URL to how clients reach it',
} as const

/**
 * Without API_KEYS, pages of other sites can do nothing here. With keys they cannot anyway: they have none, but the
 * browser has a cookie, which counts for forms.
 */
export default fp(async (app) => {
  const { API_KEYS, HOST, PUBLIC_URL } = app.config
  const hasKeys = keysOf(API_KEYS).length > 0
  const policy = { isLocal: !hasKeys && isLoopback(HOST), publicUrl: PUBLIC_URL === '' ? null : new URL(PUBLIC_URL) }
  app.addHook('onRequest', async ({ method, url, host: forwardedHost, headers, routeOptions }) => {
    if (hasKeys && routeOptions.config?.takesForm !== true) return
    const verdict = judgeOrigin({
      method,
      url,
      host: headers.host,
      forwardedHost,
      origin: headers.origin,
      fetchSite: fieldOf(headers['sec-fetch-site']),
    }, policy)
    if (verdict !== 'allowed') throw new ServiceError(verdict, REFUSALS[verdict])
  })
}, { name: 'origin-guard', dependencies: ['config', 'error-handler'] })

function fieldOf (header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header
}

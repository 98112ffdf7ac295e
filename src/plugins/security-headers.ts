import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'

const HSTS_S = 365 * 24 * 3600

/** Security headers on every answer, refusals included: registered before whatever refuses. */
export default fp(async (app) => {
  const isHttps = app.config.PUBLIC_URL.startsWith('https:')
  await app.register(helmet, {
    /**
     * Only where clients are known to come by TLS, and for this host alone: what else its domain serves is not known
     * here.
     */
    strictTransportSecurity: isHttps && { maxAge: HSTS_S, includeSubDomains: false },
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: isHttps ? [] : null } },
  })
}, { name: 'security-headers', dependencies: ['config'] })

import fp from 'fastify-plugin'
import { checkCredentials } from '../services/spotify/auth/credential-check.ts'

/**
 * Checks the credentials as soon as the service listens, in the background; a run that starts meanwhile shares the
 * token.
 */
export default fp(async (app) => {
  const closing = new AbortController()
  let checking = Promise.resolve()
  app.addHook('onListen', async () => {
    if (app.config.ROLE !== 'api') {
      checking = checkCredentials(closing.signal, { tokens: app.tokenManager, pacer: app.engine.pacer, log: app.log })
    }
  })
  app.addHook('preClose', async () => closing.abort())
  app.addHook('onClose', async () => await checking)
}, { name: 'credential-check', dependencies: ['token-manager', 'engine'] })

import fp from 'fastify-plugin'
import type { Dispatcher } from 'undici'
import { v7 as uuidv7 } from 'uuid'
import { type Clock, systemClock } from '../services/clock.ts'
import type { Outbound } from '../services/spotify/http/send.ts'
import type { ProxySettings } from '../services/spotify/http/outbound.ts'
import { type ResponseBudget, createResponseBudget } from '../services/spotify/http/response-budget.ts'
import type { RetryPolicy } from '../services/spotify/http/retry-policy.ts'

/** What the outside world is to the services; tests put their own in place of any of it. */
export interface Dependencies {
  dispatcher: Outbound
  clock: Clock
  random: () => number
  newId: () => string
  /** Upper bound of the first backoff, in milliseconds. */
  retryBaseMs: number
  /** How long a client may take no byte of its answer. */
  stalledMs: number
}

/** Spotify's 5xx come in bursts of minutes: longer waits than this would only make a run slower. */
const LONGEST_BACKOFF_MS = 30_000

const STALLED_MS = 10 * 60_000

declare module 'fastify' {
  interface FastifyInstance {
    dependencies: Dependencies
    answers: ResponseBudget
    retryPolicy: RetryPolicy
  }
}

/**
 * `app.dependencies`: connections, clock, randomness and ids; `app.answers`: the memory for what comes over them;
 * `app.retryPolicy`: the only place that makes it of the configuration. Connections that it made itself are closed with
 * the service.
 */
export default fp<{ dependencies?: Partial<Dependencies> | undefined }>(async (app, { dependencies = {} }) => {
  const {
    HTTPS_PROXY: httpsProxy,
    HTTP_PROXY: httpProxy,
    NO_PROXY: noProxy,
    SPOTIFY_MAX_CONCURRENCY: connections,
  } = app.config
  const own = dependencies.dispatcher === undefined
    ? outboundOnUse({ httpsProxy, httpProxy, noProxy }, connections)
    : null
  app.decorate('dependencies', {
    dispatcher: dependencies.dispatcher ?? own as Outbound,
    clock: systemClock,
    random: Math.random,
    newId: uuidv7,
    retryBaseMs: 500,
    stalledMs: STALLED_MS,
    ...dependencies,
  })
  app.decorate('answers', createResponseBudget())
  app.decorate('retryPolicy', {
    maxAttempts: app.config.SPOTIFY_MAX_ATTEMPTS,
    baseMs: app.dependencies.retryBaseMs,
    capMs: LONGEST_BACKOFF_MS,
    maxWaitMs: app.config.SPOTIFY_MAX_WAIT_S * 1000,
  })
  app.addHook('onClose', async () => { await own?.close() })
}, { name: 'dependencies', dependencies: ['config'] })

/** Made for the first call: undici's 109 modules were a tenth of the work before listening. */
function outboundOnUse (proxies: ProxySettings, connections: number): Outbound & { close: () => Promise<void> } {
  let made: Promise<Dispatcher> | null = null
  async function make (): Promise<Dispatcher> {
    const { createOutbound } = await import('../services/spotify/http/outbound.ts')
    return createOutbound(proxies, connections)
  }
  return {
    request: async (options) => await (await (made ??= make())).request(options),
    close: async () => { await (await made)?.destroy() },
  }
}

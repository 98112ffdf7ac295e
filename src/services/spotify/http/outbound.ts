import { isIPv6 } from 'node:net'
import { DecoratorHandler, type Dispatcher, EnvHttpProxyAgent, Pool, type buildConnector } from 'undici'
import { ProxyError } from './connection-fault.ts'

/** Each is empty where there is none. */
export interface ProxySettings {
  httpsProxy: string
  httpProxy: string
  noProxy: string
}

/**
 * Connections to the outside, through a proxy where one is set for the target: tunneled to https targets, forwarded to
 * http ones. A proxy that cannot be reached, or refuses, is a `ProxyError`.
 */
export function createOutbound ({ httpsProxy, httpProxy, noProxy }: ProxySettings, connections: number): Dispatcher {
  const proxies = { httpsProxy: proxyUrl(httpsProxy), httpProxy: proxyUrl(httpProxy) }
  const origins = new Set(Object.values(proxies).flatMap((url) => url === '' ? [] : [new URL(url).origin]))
  const agent = new EnvHttpProxyAgent({
    ...proxies,
    noProxy: normalNoProxy(noProxy),
    connections,
    factory: (target, options) => {
      const { origin } = new URL(target)
      return origins.has(origin) ? proxyPool(origin, options) : new Pool(target, options)
    },
    clientFactory: ({ origin }, options) => namingRefusals(origin, proxyPool(origin, options)),
  })
  if (proxies.httpProxy === '') return agent
  const { origin } = new URL(proxies.httpProxy)
  return agent.compose((dispatch) => (options, handler) => dispatch(options, new ForwardedHandler(origin, handler)))
}

/** The pool of connections to a proxy; an error of connecting to it names it. */
function proxyPool (origin: string, options: object): Pool {
  const connect = (options as { connect: buildConnector.connector }).connect
  return new Pool(origin, {
    ...options,
    connect: (
      target: buildConnector.Options, callback: buildConnector.Callback
    ) => connect(target, (...[error, socket]) => {
      if (error === null) callback(null, socket)
      else callback(new ProxyError(origin, error), null)
    }),
  })
}

type Connect = (options: object) => Promise<Dispatcher.ConnectData>

function namingRefusals (origin: string, pool: Pool): Pool {
  const connect = pool.connect.bind(pool) as Connect
  const namedConnect: Connect = async (options) => {
    const data = await connect(options)
    if (data.statusCode === 200) return data
    data.socket.on('error', () => {}).destroy()
    throw new ProxyError(origin, new Error('it refused to connect'), data.statusCode)
  }
  return Object.assign(pool, { connect: namedConnect })
}

/** Undici reports a 407 of a forwarding proxy by this message alone. */
const UNAUTHENTICATED = 'Proxy Authentication Required (407)'

class ForwardedHandler extends DecoratorHandler {
  readonly #proxy: string
  readonly #handler: Dispatcher.DispatchHandler

  constructor (proxy: string, handler: Dispatcher.DispatchHandler) {
    super(handler)
    this.#proxy = proxy
    this.#handler = handler
  }

  onResponseError (controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onResponseError?.(
      controller, error.message === UNAUTHENTICATED ? new ProxyError(this.#proxy, error, 407) : error
    )
  }
}

/** A proxy without a scheme is an http one, as everywhere. */
function proxyUrl (text: string): string {
  return text === '' || /^https?:\/\//i.test(text) ? text : `http://${text}`
}

/** Rewrites what undici reads differently from other tools: `*` among others, IPv6 addresses without brackets. */
export function normalNoProxy (text: string): string {
  const entries = text.split(/[,\s]+/).filter((entry) => entry !== '')
  if (entries.includes('*')) return '*'
  return entries.map((entry) => isIPv6(entry) ? `[${entry}]` : entry).join()
}

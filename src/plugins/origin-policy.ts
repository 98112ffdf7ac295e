import { isLoopbackName } from '../config.ts'

/** What a request says about where it is sent, and which page sends it. */
export interface RequestOrigin {
  method: string
  /** The request target: a path, or a whole URL. */
  url: string
  host: string | undefined
  /** As a trusted proxy forwards it; else the same as `host`. */
  forwardedHost: string
  origin: string | undefined
  fetchSite: string | undefined
}

export interface OriginPolicy {
  /** Whether the service listens on loopback only. */
  isLocal: boolean
  /** How clients reach the service, if that is known. */
  publicUrl: URL | null
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Decides whether a request may be answered without any key. A page of another site can make a browser send requests to
 * this service; by a name of its own that leads to loopback (DNS rebinding) it can even read the answers.
 */
export function judgeOrigin (
  request: RequestOrigin, { isLocal, publicUrl }: OriginPolicy
): 'allowed' | 'forbidden_origin' | 'misdirected_request' {
  if (isLocal && ![request.host, authorityOf(request.url)].every(
    (host) => host === undefined || isOwnHost(host, publicUrl)
  )) return 'misdirected_request'
  if (SAFE_METHODS.has(request.method)) return 'allowed'
  if (request.fetchSite?.trim().toLowerCase() === 'cross-site') return 'forbidden_origin'
  return request.origin === undefined || isOwnOrigin(request.origin, request, publicUrl)
    ? 'allowed'
    : 'forbidden_origin'
}

/** The authority of a target in absolute form, which goes before `Host` (RFC 9112, section 3.2.2). */
function authorityOf (target: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1]
}

/** The port says nothing: a tunnel may have another one, and a page of another site the same. */
function isOwnHost (host: string, publicUrl: URL | null): boolean {
  const name = nameOf(host)
  return name !== null && (isLoopbackName(name) || name === publicUrl?.hostname.replace(/\.$/, ''))
}

/** The host's name in its normal form, without port and final dot; null where the text is no host. */
function nameOf (host: string): string | null {
  if (!/^(\[[0-9a-f:.]+\]|[^\s@:/?#\\[\]]+)(:\d{0,5})?$/i.test(host) || !URL.canParse(`http://${host}`)) return null
  return new URL(`http://${host}`).hostname.replace(/\.$/, '')
}

function isOwnOrigin (text: string, { host, forwardedHost }: RequestOrigin, publicUrl: URL | null): boolean {
  if (!/^https?:\/\/[^\s@/?#\\]+$/i.test(text) || !URL.canParse(text)) return false
  const origin = new URL(text)
  if (origin.origin === publicUrl?.origin) return true
  return [host, forwardedHost].some(
    (own) => own !== undefined && own !== '' && originOf(own, origin.protocol) === origin.origin
  )
}

/** The origin of a host under a scheme: behind a proxy that ends TLS, only the page knows which one. */
function originOf (host: string, protocol: string): string | null {
  return nameOf(host) === null ? null : new URL(`${protocol}//${host}`).origin
}

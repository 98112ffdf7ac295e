import { FILE_LIMIT_ADVICE } from '../../open-files.ts'
import { printable } from './response.ts'

/** Why there is no answer. `isLasting`: the next try would end in the same way, whatever is called. */
export interface ConnectionFault {
  reason: string
  isLasting: boolean
}

/** A proxy could not be reached, or refused to connect. */
export class ProxyError extends Error {
  /** Its origin, without user and password. */
  readonly proxy: string
  /** With which it refused. */
  readonly status: number | undefined

  constructor (proxy: string, cause: Error, status?: number) {
    super(cause.message, { cause })
    this.name = 'ProxyError'
    this.proxy = proxy
    this.status = status
  }
}

const SETTINGS = 'SPOTIFY_API_URL and SPOTIFY_TOKEN_URL'
const PROXY_SETTINGS = 'HTTPS_PROXY and HTTP_PROXY'
const UNKNOWN_ISSUER = 'showed a TLS certificate of an issuer that is not known here: where a proxy or a company ' +
  'inspects TLS, set NODE_EXTRA_CA_CERTS to the file of its CA certificate (PEM) and start the service again'
const WRONG_DATE = "showed a TLS certificate that is not valid at this machine's date: check the clock, else the " +
  'certificate must be renewed'
const NO_TLS = `does not speak the TLS that an https URL wants: check http or https, and the port, in ${SETTINGS}`

/**
 * What the certificate or the handshake says is said at every try. Source:
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const LASTING: Record<string, string> = {
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  CERT_UNTRUSTED: UNKNOWN_ISSUER,
  INVALID_CA: UNKNOWN_ISSUER,
  CERT_HAS_EXPIRED: WRONG_DATE,
  CERT_NOT_YET_VALID: WRONG_DATE,
  ERR_TLS_CERT_ALTNAME_INVALID: `showed a TLS certificate of another host: check ${SETTINGS}`,
  HOSTNAME_MISMATCH: `showed a TLS certificate of another host: check ${SETTINGS}`,
  CERT_REVOKED: 'showed a TLS certificate that is revoked',
  CERT_REJECTED: 'showed a TLS certificate that is rejected',
  CERT_SIGNATURE_FAILURE: 'showed a TLS certificate whose signature is wrong',
  CERT_CHAIN_TOO_LONG: 'showed a chain of TLS certificates that is too long',
  INVALID_PURPOSE: 'showed a TLS certificate that is not for servers',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_HTTP_REQUEST: NO_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: NO_TLS,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: NO_TLS,
}

const PASSING: Record<string, string> = {
  ENOTFOUND: `has a name that is not known: check the network and its DNS, and ${SETTINGS}`,
  EAI_AGAIN: 'has a name that could not be looked up now: check the network and its DNS',
  ECONNREFUSED: `refuses connections: check ${SETTINGS}, and that it runs`,
  ENETUNREACH: 'cannot be reached: check the network',
  EHOSTUNREACH: 'cannot be reached: check the network',
  UND_ERR_CONNECT_TIMEOUT: 'takes no connection in time: check the network',
}

/** This machine has no room for a connection: nothing is said of the peer or the network. */
const LOCAL: Record<string, string> = {
  ...FILE_LIMIT_ADVICE,
  EADDRNOTAVAIL: 'this machine has no free port for a connection: fewer may be open at a time ' +
    '(net.ipv4.ip_local_port_range)',
  ENOBUFS: 'this machine has no memory left for connections',
}

/** The fault behind an error of the connection to `origin`. */
export function faultOf (error: unknown, origin: string): ConnectionFault {
  if (!(error instanceof Error)) return { reason: 'broke the connection', isLasting: false }
  if (!(error instanceof ProxyError)) return faultAt(origin, SETTINGS, error)
  const { proxy, status, cause } = error
  return status === undefined ? faultAt(`the proxy ${proxy}`, PROXY_SETTINGS, cause as Error) : refusalOf(proxy, status)
}

/** @param peer what was called, named to the user; `settings` say where to call */
function faultAt (peer: string, settings: string, error: Error): ConnectionFault {
  const codes = codesOf(error)
  const code = codes.find((known) => [LOCAL, LASTING, PASSING].some((table) => Object.hasOwn(table, known))) ?? codes[0]
  const lasting = LASTING[code ?? '']
  const text = lasting ?? PASSING[code ?? '']
  const evidence = code === undefined ? '' : ` (${printable(code)})`
  const local = LOCAL[code ?? '']
  if (local !== undefined) return { reason: `could not be called: ${local}${evidence}`, isLasting: false }
  if (text === undefined) {
    return {
      reason: `broke the connection${settings === SETTINGS ? '' : ` at ${peer}`}: ${printable(error.message)}${evidence}`,
      isLasting: false,
    }
  }
  return {
    reason: `gave no connection: ${peer} ${text.replace(SETTINGS, settings)}${evidence}`,
    isLasting: lasting !== undefined,
  }
}

/** Explains the refusal of a proxy; a status other than 5xx is one of its rules. */
export function refusalOf (proxy: string, status: number): ConnectionFault {
  const advice = status === 407
    ? 'wants a user and a password: put them into HTTPS_PROXY and HTTP_PROXY (http://user:password@host:port)'
    : `lets no connection through: check ${PROXY_SETTINGS} and NO_PROXY, and the proxy's rules`
  return {
    reason: `gave no connection: the proxy ${proxy} ${advice} (${status})`,
    isLasting: status < 500 && status !== 408 && status !== 429,
  }
}

/** OpenSSL's errors carry EPROTO as their code in some versions, and what happened in `reason` or the message. */
function codesOf (error: Error): string[] {
  const { code, cause, errors } = error as Error & { code?: unknown, errors?: unknown[] }
  const nested = [cause, ...Array.isArray(errors) ? errors : []].filter((inner) => inner instanceof Error).flatMap(
    codesOf
  )
  const openssl = code === 'EPROTO' && /wrong version number|packet length too long/.test(error.message)
    ? ['ERR_SSL_WRONG_VERSION_NUMBER']
    : []
  return [...openssl, ...typeof code === 'string' ? [code] : [], ...nested]
}

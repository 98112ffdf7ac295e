import { type DestinationStream, type Logger, pino } from 'pino'
import { escapeJson, printableValues } from '../printable.ts'

/** The paths at which a logged object may have a secret; their values are removed. */
const SECRETS = [
  'authorization', 'access_token', 'client_secret', 'SPOTIFY_CLIENT_SECRET', 'API_KEYS', 'DATABASE_URL',
  'HTTPS_PROXY', 'HTTP_PROXY',
  '*.authorization', '*["x-api-key"]', '*.access_token', '*.client_secret', '*.SPOTIFY_CLIENT_SECRET', '*.API_KEYS',
  '*.DATABASE_URL', '*.HTTPS_PROXY', '*.HTTP_PROXY',
  '*.headers.authorization', '*.headers["x-api-key"]', '*.headers.cookie',
]

/**
 * The logger: JSON lines, or readable ones on a terminal; no control character reaches either. The level comes from the
 * configuration later.
 */
export async function createLogger (destination: DestinationStream, isTerminal: boolean): Promise<Logger> {
  const stream = isTerminal ? await readable(destination) : destination
  const streamWrite = isTerminal ? printableLine : escapeJson
  return pino({ redact: { paths: SECRETS, censor: '[redacted]' }, hooks: { streamWrite } }, stream)
}

/** The pretty printer decodes JSON's escapes, and would write what they stand for. */
function printableLine (line: string): string {
  return `${JSON.stringify(printableValues(JSON.parse(line)))}\n`
}

/** Loaded only where somebody reads along: a service in a container starts without it. */
async function readable (destination: DestinationStream): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({ destination, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' })
}

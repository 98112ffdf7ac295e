import { type DestinationStream, type Logger, pino } from 'pino'

/** Where a secret could stand in something that is logged; its value never leaves. */
const SECRETS = [
  'authorization', 'access_token', 'client_secret', 'SPOTIFY_CLIENT_SECRET', 'API_KEYS', 'REDIS_URL',
  '*.authorization', '*["x-api-key"]', '*.access_token', '*.client_secret', '*.SPOTIFY_CLIENT_SECRET', '*.API_KEYS', '*.REDIS_URL',
  '*.headers.authorization', '*.headers["x-api-key"]', '*.headers.cookie',
]

/** The logger: JSON lines, or readable ones on a terminal. The level comes from the configuration later. */
export async function createLogger (destination: DestinationStream, isTerminal: boolean): Promise<Logger> {
  const stream = isTerminal ? await readable(destination) : destination
  return pino({ redact: { paths: SECRETS, censor: '[redacted]' } }, stream)
}

/** Loaded only where somebody reads along: a service in a container starts without it. */
async function readable (destination: DestinationStream): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({ destination, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' })
}

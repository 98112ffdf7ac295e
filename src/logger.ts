import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** Where a secret could stand in something that is logged; its value never leaves. */
const SECRETS = [
  'authorization', 'access_token', 'client_secret', 'SPOTIFY_CLIENT_SECRET', 'API_KEYS',
  '*.authorization', '*["x-api-key"]', '*.access_token', '*.client_secret', '*.SPOTIFY_CLIENT_SECRET', '*.API_KEYS',
  '*.headers.authorization', '*.headers["x-api-key"]', '*.headers.cookie',
]

/** The logger: JSON lines, or readable ones on a terminal. The level comes from the configuration later. */
export function createLogger (destination: DestinationStream, isTerminal: boolean): Logger {
  const stream = isTerminal ? pretty({ destination, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' }) : destination
  return pino({ redact: { paths: SECRETS, censor: '[redacted]' } }, stream)
}

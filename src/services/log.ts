import type { Logger } from 'pino'

/** The part of a logger that services use: pino's, or Fastify's, or a silent one in a test. */
export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error'> & {
  child: (bindings: Record<string, unknown>) => Log
}

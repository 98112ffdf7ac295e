import { ConfigError } from './config.ts'
import { ServiceError } from './errors.ts'

/** Why the process cannot go on, a line for each thing to change; a stack trace only for what is a bug. */
export function explainStartFailure (error: unknown): string[] {
  if (error instanceof ConfigError) return error.problems.map(({ variable, advice }) => `${variable} ${advice}`)
  if (error instanceof ServiceError) return [error.message]
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  if (code === 'EADDRINUSE') return ['PORT is in use by another process: set PORT to a free one']
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return [`${messageOf(error)}: let the service write to DATA_DIR, or set another one`]
  if (code !== null) return [messageOf(error)]
  return [error instanceof Error ? error.stack ?? error.message : String(error)]
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

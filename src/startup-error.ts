import { ConfigError } from './config.ts'
import { ServiceError, messageOf } from './errors.ts'
import { printable } from './printable.ts'
import { storageDetail, storageErrno } from './services/store/storage-failure.ts'

/** Why the process cannot go on, a line for each thing to change; a stack trace only for what is a bug. */
export function startupErrorLines (error: unknown): string[] {
  return linesOf(error).flatMap((line) => line.split('\n')).map(printable)
}

function linesOf (error: unknown): string[] {
  if (error instanceof ConfigError) return error.problems.map(({ variable, advice }) => `${variable} ${advice}`)
  if (error instanceof ServiceError) return [error.message]
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  if (code === 'EADDRINUSE') return ['PORT is in use by another process: set PORT to a free one']
  if (syscallOf(error) === 'listen') {
    return [`PORT or HOST cannot be listened on (${messageOf(error)}): set PORT to one over 1023, and HOST to an ` +
      'address of this machine']
  }
  if (syscallOf(error) === 'getaddrinfo') {
    return [`HOST is no address of this machine (${messageOf(error)}): set it to 127.0.0.1, or to 0.0.0.0 for all`]
  }
  if (syscallOf(error) === 'mkdir') {
    return [`DATA_DIR cannot be made (${messageOf(error)}): set it to a folder that the service may make, or write to`]
  }
  if (storageErrno(error) !== null) return [storageDetail(messageOf(error), error)]
  if (code !== null) return [messageOf(error)]
  return [error instanceof Error ? error.stack ?? error.message : String(error)]
}

function syscallOf (error: unknown): unknown {
  return error instanceof Error && 'syscall' in error ? error.syscall : null
}

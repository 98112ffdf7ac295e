import type { Log } from '../../src/services/log.ts'

export interface RecordingLog extends Log {
  /** Level and message of each line. */
  lines: string[]
  /** All that was logged, as a log file would show it. */
  text: () => string
}

/** A log that says nothing and forgets nothing. */
export function createRecordingLog (): RecordingLog {
  const lines: string[] = []
  const written: string[] = []
  const at = (level: string) => (fields: unknown, message?: string): void => {
    lines.push(`${level} ${message ?? String(fields)}`)
    written.push(JSON.stringify(fields, asPlain))
  }
  const log = {
    lines,
    text: () => [...lines, ...written].join('\n'),
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  }
  return log
}

function asPlain (_key: string, value: unknown): unknown {
  return value instanceof Error ? { ...value, message: value.message, stack: value.stack, cause: value.cause } : value
}

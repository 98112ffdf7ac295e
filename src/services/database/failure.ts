/**
 * What PostgreSQL calls it where it cannot serve us now: classes 08 (connection), 53 (resources), 57 (operator), a
 * read-only standby, and a session that it ended because it was silent within a transaction. Source: PostgreSQL,
 * appendix A
 */
const AWAY_STATES = /^(?:08|53|57)...$|^25(?:006|P03)$/
const AWAY_CODES = [
  'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'
]
/** node-postgres has no code for these. */
const AWAY_MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed)/

/** Returns whether the database is unreachable for now, and the query is not to blame. */
export function isAway (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError) return error.errors.some(isAway)
  const code = codeOf(error)
  return AWAY_STATES.test(code) || AWAY_CODES.includes(code) || AWAY_MESSAGES.test(error.message)
}

/** Returns whether the disk of the database, or its quota, is full. */
export function isFull (error: unknown): boolean {
  return error instanceof Error &&
    (['ENOSPC', 'EDQUOT', '53100'].includes(codeOf(error)) || ('errcode' in error && Number(error.errcode) === 13))
}

/**
 * Returns whether what is stored cannot be read: waiting mends nothing. Sources: https://sqlite.org/rescode.html;
 * PostgreSQL, appendix A, class XX
 */
export function isDamaged (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('errcode' in error && [11, 26].includes(Number(error.errcode) & 0xff)) ||
    ['XX001', 'XX002'].includes(codeOf(error))
}

/** The words of an error, without the statement that it carries. */
export function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  return error instanceof AggregateError && error.errors.length > 0
    ? reasonOf(error.errors[0])
    : codeOf(error) || error.name
}

function codeOf (error: Error): string {
  return 'code' in error ? String(error.code) : ''
}

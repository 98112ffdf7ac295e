import { sandboxEnvironment } from './environment.ts'
import type { SandboxSettings } from './settings/settings.ts'

/** Returns the variables that point the service at the sandbox, as lines for its .env. */
export function envLines (origin: string, settings: SandboxSettings): string {
  const variables = Object.entries(sandboxEnvironment(origin, settings))
  return variables.map(([name, value]) => `${name}=${quoted(value)}\n`).join('')
}

/** Quotes a value that has blanks, comment signs or quotes. */
function quoted (value: string): string {
  if (/^[^\s#'"`$\\]+$/.test(value)) return value
  return value.includes("'") ? `"${value}"` : `'${value}'`
}

import type { SandboxSettings } from './settings/settings.ts'

/** Returns the variables that point the service at the sandbox, as lines for its .env. */
export function envLines (origin: string, { clientId, clientSecret }: SandboxSettings): string {
  const variables = {
    SPOTIFY_API_URL: `${origin}/v1`,
    SPOTIFY_TOKEN_URL: `${origin}/api/token`,
    SPOTIFY_CLIENT_ID: clientId,
    SPOTIFY_CLIENT_SECRET: clientSecret,
  }
  return Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}\n`).join('')
}

/** Quotes a value that has blanks, comment signs or quotes. */
function quoted (value: string): string {
  if (/^[^\s#'"`$\\]+$/.test(value)) return value
  return value.includes("'") ? `"${value}"` : `'${value}'`
}

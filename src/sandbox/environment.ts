import { DEFAULT_SETTINGS, type SandboxSettings } from './settings/settings.ts'

type Credentials = Pick<SandboxSettings, 'clientId' | 'clientSecret'>

/** Returns the variables that point the service at the sandbox on this origin. */
export function sandboxEnvironment (
  origin: string, { clientId, clientSecret }: Credentials = DEFAULT_SETTINGS
): Record<string, string> {
  return {
    SPOTIFY_API_URL: `${origin}/v1`,
    SPOTIFY_TOKEN_URL: `${origin}/api/token`,
    SPOTIFY_CLIENT_ID: clientId,
    SPOTIFY_CLIENT_SECRET: clientSecret,
  }
}

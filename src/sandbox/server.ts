import closeWithGrace from 'close-with-grace'
import { buildSandbox, type SandboxApp } from './app.ts'
import { SettingsError } from './check-settings.ts'
import { readStart } from './start-settings.ts'

/** Enough to destroy what is still open; nothing here is worth waiting for. */
const CLOSE_WITHIN_MS = 2000

try {
  const { host, port, settings } = readStart(process.argv.slice(2), process.env)
  const app = buildSandbox(settings)
  closeWithGrace({ delay: CLOSE_WITHIN_MS, logger: false }, async () => app.close())
  announce(app, await app.listen({ host, port }))
} catch (error) {
  const lines = error instanceof SettingsError ? error.problems : [error instanceof Error ? error.message : String(error)]
  for (const line of lines) process.stderr.write(`sandbox: ${line}\n`)
  process.exit(1)
}

function announce (app: SandboxApp, origin: string): void {
  const { tier, albums, clientId, clientSecret } = app.sandbox.settings
  process.stdout.write(`Spotify sandbox on ${origin} (${tier} tier, ${albums} albums; settings: PUT ${origin}/sandbox/settings). Use it with: ` +
    `SPOTIFY_API_URL=${origin}/v1 SPOTIFY_TOKEN_URL=${origin}/api/token SPOTIFY_CLIENT_ID=${clientId} SPOTIFY_CLIENT_SECRET=${clientSecret}\n`)
}

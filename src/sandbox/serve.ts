import closeWithGrace from 'close-with-grace'
import { buildSandbox, type SandboxApp } from './app.ts'
import { SettingsError } from './check-settings.ts'
import { envLines } from './env-lines.ts'
import { helpText } from './help.ts'
import { readStart, wantsHelp } from './start-settings.ts'

/** Enough to destroy what is still open; nothing here is worth waiting for. */
const CLOSE_WITHIN_MS = 2000

const argv = process.argv.slice(2)

/** Runs the sandbox until a signal ends it, or prints its help. Wrong settings end the process with code 1 and one line per problem. */
export async function startSandbox (): Promise<void> {
  if (wantsHelp(argv)) {
    process.stdout.write(helpText())
    return
  }
  try {
    await serve()
  } catch (error) {
    const lines = error instanceof SettingsError ? error.problems : [error instanceof Error ? error.message : String(error)]
    for (const line of lines) process.stderr.write(`sandbox: ${line}\n`)
    process.exit(1)
  }
}

async function serve (): Promise<void> {
  const { host, port, settings } = readStart(argv, process.env)
  const app = buildSandbox(settings)
  closeWithGrace({ delay: CLOSE_WITHIN_MS, logger: false }, async () => app.close())
  announce(app, await app.listen({ host, port }))
}

function announce (app: SandboxApp, origin: string): void {
  const { tier, albums } = app.sandbox.settings
  process.stdout.write(`# Spotify sandbox on ${origin} (${tier} tier, ${albums} albums; settings: PUT ${origin}/sandbox/settings). ` +
    `Lines for .env:\n${envLines(origin, app.sandbox.settings)}`)
}

import closeWithGrace from 'close-with-grace'
import { buildSandbox, type SandboxApp } from './app.ts'
import { SettingsError } from './settings/check-settings.ts'
import { envLines } from './env-lines.ts'
import { helpText } from './help.ts'
import { readStart, wantsHelp } from './start-settings.ts'

/** Time to destroy open connections at the end. */
const CLOSE_WITHIN_MS = 2000

const argv = process.argv.slice(2)

/** Runs the sandbox until a signal, or prints its help. Invalid settings exit with code 1 and one line per problem. */
export async function startSandbox (): Promise<void> {
  if (wantsHelp(argv)) {
    process.stdout.write(helpText())
    return
  }
  try {
    await serve()
  } catch (error) {
    for (const line of problemsOf(error)) process.stderr.write(`sandbox: ${line}\n`)
    process.exit(1)
  }
}

function problemsOf (error: unknown): readonly string[] {
  if (error instanceof SettingsError) return error.problems
  return [error instanceof Error ? error.message : String(error)]
}

async function serve (): Promise<void> {
  const { host, port, settings } = readStart(argv, process.env)
  const app = buildSandbox(settings)
  closeWithGrace({ delay: CLOSE_WITHIN_MS, logger: false }, async () => app.close())
  announce(app, await app.listen({ host, port }))
}

function announce (app: SandboxApp, origin: string): void {
  const { tier, albums } = app.sandbox.settings
  const settings = `${tier} tier, ${albums} albums; settings: PUT ${origin}/sandbox/settings`
  process.stdout.write(`# Spotify sandbox on ${origin} (${settings}). ` +
    `Lines for .env:\n${envLines(origin, app.sandbox.settings)}`)
}

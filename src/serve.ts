import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { startupErrorLines } from './startup-error.ts'
import { logTo } from './logging/log-destination.ts'
import { createLogger } from './logging/logger.ts'

/** Long enough to hand over what is under way; an orchestrator kills after 10 s or more. */
const CLOSE_WITHIN_MS = 5000

/**
 * Runs the service until a signal ends it; a failure to start ends the process with code 1 and one line per problem.
 */
export async function serve (): Promise<void> {
  try {
    const logger = await createLogger(logTo(1, { sync: false }), process.stdout.isTTY)
    const app = await buildApp({ env: process.env, envFile: '.env', logger })
    closeWithGrace({ delay: CLOSE_WITHIN_MS, logger }, async ({ err }) => {
      if (err !== undefined) app.log.fatal({ err }, 'unexpected failure; stopping')
      await app.close()
    })
    await app.listen({ host: app.config.HOST, port: app.config.PORT })
  } catch (error) {
    for (const line of startupErrorLines(error)) process.stderr.write(`${line}\n`)
    process.exit(1)
  }
}

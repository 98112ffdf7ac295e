import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { buildApp } from '../app.ts'
import type { Dependencies } from '../plugins/dependencies.ts'
import { buildSandbox } from '../sandbox/app.ts'
import { sandboxEnvironment } from '../sandbox/environment.ts'
import type { SandboxSettings } from '../sandbox/settings/settings.ts'

export interface TrialOptions {
  /** Variables of the service, beside those that point it at the sandbox. */
  readonly env: Record<string, string | undefined>
  readonly logger: FastifyBaseLogger
  readonly dependencies?: Partial<Dependencies>
  readonly sandboxPort: number
  readonly settings?: Partial<SandboxSettings>
}

/** The service and the sandbox that it calls, both listening in this process. */
export interface Trial {
  readonly app: FastifyInstance
  readonly url: string
  readonly sandboxUrl: string
  close: () => Promise<void>
}

/** The sandbox has no rate limit, so the service needs no pace of its own. */
const NO_PACE = { SPOTIFY_CALLS_PER_30S: '100000' }

/** Starts the sandbox and the service on it. A port that is 0 or in use is replaced by a free one. */
export async function startTrial (
  { env, logger, dependencies = {}, sandboxPort, settings = {} }: TrialOptions
): Promise<Trial> {
  await using started = new AsyncDisposableStack()
  const sandbox = buildSandbox(settings)
  started.defer(async () => await sandbox.close())
  const sandboxUrl = await listen(sandbox, '127.0.0.1', sandboxPort)
  const app = await buildApp({ env: { ...NO_PACE, ...env, ...sandboxEnvironment(sandboxUrl) }, logger, dependencies })
  started.defer(async () => await app.close())
  const url = await listen(app, app.config.HOST, app.config.PORT)
  const running = started.move()
  return { app, url, sandboxUrl, close: async () => await running.disposeAsync() }
}

async function listen (app: Pick<FastifyInstance, 'listen'>, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    return await app.listen({ host, port: 0 })
  }
}

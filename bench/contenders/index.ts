import { join } from 'node:path'
import { environment } from '../environment.ts'
import { program, start } from '../processes.ts'
import { startService } from '../service.ts'
import type { Contender, Job, Round } from './contender.ts'

/** Contenders that are a program of the benchmark: a job goes to it as a message, and what came of it comes back. */
function inProcess (name: string, which: string): Contender {
  return {
    name,
    async start (origin, folder, env = {}, nodeArgs = []) {
      const child = await start(program('programs/contender.ts'), [which, origin, folder], {
        env: { ...environment(origin, folder), LOG_LEVEL: 'warn', ...env }, logPath: join(folder, 'contender.log'), nodeArgs: which === 'pipeline' ? nodeArgs : [],
      })
      await child.ask('are you ready?')
      return { run: async (job: Job) => await child.ask(job) as Round, stop: child.stop }
    },
  }
}

const SERVICE: Contender = {
  name: 'this service, over HTTP',
  async start (origin, folder, env = {}, nodeArgs = []) {
    const service = await startService(folder, { ...environment(origin, folder), ...env }, nodeArgs)
    return { run: service.run, stop: service.stop }
  },
}

export const CONTENDERS = {
  service: SERVICE,
  pipeline: inProcess('its pipeline alone, without HTTP', 'pipeline'),
  course: inProcess('the course pipeline', 'course'),
  sdk: inProcess('the SDK, one call after the other', 'sdk'),
  sdkBatch: inProcess('the SDK with its batch call', 'sdkBatch'),
  sdkAtOnce: inProcess('the SDK, everything at once', 'sdkAtOnce'),
} satisfies Record<string, Contender>

export type ContenderName = keyof typeof CONTENDERS

import fastifyEnv from '@fastify/env'
import fp from 'fastify-plugin'
import { type Config, ConfigError, ConfigSchema, conflictsOf, problemsOf } from '../config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    config: Config
  }
}

export interface ConfigPluginOptions {
  /** The environment; it goes before the file. */
  env: Record<string, string | undefined>
  /** Path of a `.env` file; none is read without it. */
  envFile?: string | undefined
}

/** `app.config`: the environment, validated. Throws `ConfigError`. */
export default fp<ConfigPluginOptions>(async (app, { env, envFile }) => {
  try {
    await app.register(fastifyEnv, {
      schema: structuredClone(ConfigSchema),
      data: withoutEmpty(env),
      env: false,
      dotenv: envFile === undefined ? false : { path: envFile },
    })
  } catch (error) {
    throw explain(error)
  }
  const conflicts = conflictsOf(app.config)
  if (conflicts.length > 0) throw new ConfigError(conflicts)
}, { name: 'config' })

/** `NAME=` in a template or in compose means "not set": the default holds, or the variable is missing. */
function withoutEmpty (env: ConfigPluginOptions['env']): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''))
}

function explain (error: unknown): unknown {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? new ConfigError(problemsOf(error.errors)) : error
}

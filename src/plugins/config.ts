import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import fastifyEnv from '@fastify/env'
import { type Ajv } from 'ajv'
import fp from 'fastify-plugin'
import { type Config, ConfigError, ConfigSchema, ROLES, URL_FORMAT, conflictsOf, problemsOf } from '../config.ts'

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
  const data = { ...withoutEmpty(fileOf(envFile)), ...withoutEmpty(env) }
  try {
    await app.register(fastifyEnv, { schema: structuredClone(ConfigSchema), data, env: false, ajv: { customOptions: withUrls } })
  } catch (error) {
    throw explain(error, data)
  }
  const conflicts = conflictsOf(app.config)
  if (conflicts.length > 0) throw new ConfigError(conflicts)
}, { name: 'config' })

/** Read here and not by the plugin, so that an empty value means the same in the file as in the environment. */
function fileOf (path: string | undefined): ConfigPluginOptions['env'] {
  if (path === undefined || !existsSync(path)) return {}
  try {
    return parseEnv(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new ConfigError([{ variable: path, advice: `cannot be read (${error instanceof Error ? error.message : String(error)}): make it a file that the service may read, or take it away and set the variables in the environment` }])
  }
}

function withUrls (ajv: Ajv): Ajv {
  return ajv.addFormat(URL_FORMAT, (text: string) => text === '' || URL.canParse(text))
}

/** `NAME=` in a template or in compose means "not set": the default holds, or the variable is missing. */
function withoutEmpty (env: ConfigPluginOptions['env']): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''))
}

/** Everything that is wrong at once, so that it is mended at once. */
function explain (error: unknown, data: Record<string, string>): unknown {
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) return error
  const { HOST = '127.0.0.1', API_KEYS = '', ALLOW_ANONYMOUS, REDIS_URL = '', STORE_SHARED, ROLE } = data
  const problems = problemsOf(error.errors)
  const conflicts = conflictsOf({
    HOST, API_KEYS, REDIS_URL, ALLOW_ANONYMOUS: ALLOW_ANONYMOUS === 'true', STORE_SHARED: STORE_SHARED === 'true', ROLE: ROLES.find((role) => role === ROLE) ?? 'all',
  })
  return new ConfigError([...problems, ...conflicts.filter(({ variable }) => !problems.some((problem) => problem.variable === variable))])
}

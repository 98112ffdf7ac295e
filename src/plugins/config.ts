import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { Ajv } from 'ajv'
import fp from 'fastify-plugin'
import {
  type Config, ConfigError, ConfigSchema, PROXIES_FORMAT, ROLES, URL_FORMAT, areProxies, conflictsOf, problemsOf, wrappingsOf,
} from '../config.ts'

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
export default fp<ConfigPluginOptions | { config: Config }>(async (app, options) => {
  app.decorate('config', 'config' in options ? options.config : loadConfig(options))
}, { name: 'config' })

/** The environment's variables with their types and defaults. Throws `ConfigError` with everything that is wrong, so that it is mended together. */
export function loadConfig ({ env, envFile }: ConfigPluginOptions): Config {
  const data = { ...withProxies(withoutEmpty(fileOf(envFile))), ...withProxies(withoutEmpty(env)) }
  const problems = new Map<string, string>()
  const note = (found: ConfigError['problems']): void => {
    for (const { variable, advice } of found) if (!problems.has(variable)) problems.set(variable, advice)
  }
  const ajv = new Ajv({ allErrors: true, removeAdditional: true, useDefaults: true, coerceTypes: true })
  ajv.addFormat(URL_FORMAT, (text: string) => text === '' || URL.canParse(text)).addFormat(PROXIES_FORMAT, areProxies)
  const isConfig = ajv.compile<Config>(ConfigSchema)
  const config: Record<string, unknown> = { ...data }
  note(wrappingsOf(data))
  const isWrapped = problems.size > 0 // what goes together is not known before it is unwrapped
  if (isConfig(config)) {
    if (!isWrapped) note(conflictsOf(config))
    if (problems.size === 0) return config
  } else {
    note(problemsOf(isConfig.errors ?? []))
    if (!isWrapped) note(conflictsOf(relatedOf(data)))
  }
  throw new ConfigError([...problems].map(([variable, advice]) => ({ variable, advice })))
}

/** Read here and not by a package, so that an empty value means the same in the file as in the environment. */
function fileOf (path: string | undefined): ConfigPluginOptions['env'] {
  if (path === undefined || !existsSync(path)) return {}
  try {
    return parseEnv(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new ConfigError([{ variable: path, advice: `cannot be read (${error instanceof Error ? error.message : String(error)}): make it a file that the service may read, or take it away and set the variables in the environment` }])
  }
}

/** `NAME=` in a template or in compose means "not set": the default holds, or the variable is missing. */
function withoutEmpty (env: ConfigPluginOptions['env']): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''))
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']

/** As everywhere, these may be written in lower case, which then holds. */
function withProxies (env: Record<string, string>): Record<string, string> {
  return { ...env, ...withoutEmpty(Object.fromEntries(PROXY_VARIABLES.map((name) => [name, env[name.toLowerCase()]]))) }
}

/** The variables that go together, read without the schema that refused some variable. */
function relatedOf ({ HOST = '127.0.0.1', API_KEYS = '', ALLOW_ANONYMOUS, REDIS_URL = '', STORE_SHARED, ROLE }: Record<string, string>): Parameters<typeof conflictsOf>[0] {
  return {
    HOST, API_KEYS, REDIS_URL, ALLOW_ANONYMOUS: ALLOW_ANONYMOUS === 'true', STORE_SHARED: STORE_SHARED === 'true', ROLE: ROLES.find((role) => role === ROLE) ?? 'all',
  }
}

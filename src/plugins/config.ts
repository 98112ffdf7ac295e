import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import fastifyEnv from '@fastify/env'
import type { Ajv } from 'ajv'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import {
  type Config, ConfigError, type ConfigProblem, ConfigSchema, PROXIES_FORMAT, ROLES, type Related, URL_FORMAT,
  areProxies, conflictsOf, problemsOf, wrappingsOf,
} from '../config.ts'
import { messageOf } from '../errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    config: Config
  }
}

export interface ConfigOptions {
  /** The environment; it goes before the file. */
  env: Record<string, string | undefined>
  /** Path of a `.env` file; none is read without it. */
  envFile?: string | undefined
}

/** `app.config`: the environment, validated. */
export default fp<{ config: Config }>(async (app, { config }) => {
  app.decorate('config', config)
}, { name: 'config' })

/**
 * Reads the environment's variables with their types and defaults, on an instance of their own: they decide how the
 * server is made.
 * Throws `ConfigError` with everything that is wrong.
 */
export async function loadConfig ({ env, envFile }: ConfigOptions): Promise<Config> {
  const data = { ...withProxies(withoutEmpty(fileOf(envFile))), ...withProxies(withoutEmpty(env)) }
  const wrapped = wrappingsOf(data)
  const reader = Fastify()
  try {
    await reader.register(fastifyEnv, {
      schema: ConfigSchema,
      data: { ...data },
      env: false,
      ajv: validator ?? { customOptions: rememberValidator },
    })
  } catch (error) {
    throw configErrorOf(error, data, wrapped)
  }
  const problems = wrapped.length > 0 ? wrapped : conflictsOf(reader.config)
  if (problems.length > 0) throw new ConfigError(problems)
  return reader.config
}

/** The first instance that was made: it keeps the compiled schema, which takes longer than all the rest of loading. */
let validator: Ajv | undefined

/** The schema itself is not checked against the schema of schemas: compiling that takes as long as ours. */
function rememberValidator (ajv: Ajv): Ajv {
  ajv.opts.validateSchema = false
  validator = ajv
    .addFormat(URL_FORMAT, (text: string) => text === '' || URL.canParse(text))
    .addFormat(PROXIES_FORMAT, areProxies)
  return validator
}

/**
 * One problem per variable. Conflicts are reported only once no value is in quotes or blanks: until then nobody knows
 * what the values mean.
 */
function configErrorOf (error: unknown, data: Record<string, string>, wrapped: ConfigProblem[]): unknown {
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) return error
  const problems = new Map<string, string>()
  const conflicts = wrapped.length > 0 ? [] : conflictsOf(relatedOf(data))
  for (const { variable, advice } of [...wrapped, ...problemsOf(error.errors), ...conflicts]) {
    if (!problems.has(variable)) problems.set(variable, advice)
  }
  return new ConfigError([...problems].map(([variable, advice]) => ({ variable, advice })))
}

/** Read here and not by a package, so that an empty value means the same in the file as in the environment. */
function fileOf (path: string | undefined): ConfigOptions['env'] {
  if (path === undefined || !existsSync(path)) return {}
  try {
    return parseEnv(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new ConfigError([{
      variable: path,
      advice: `cannot be read (${messageOf(error)}): ` +
        'make it a file that the service may read, or take it away and set the variables in the environment',
    }])
  }
}

/** `NAME=` in a template or in compose means "not set": the default holds, or the variable is missing. */
function withoutEmpty (env: ConfigOptions['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  )
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']

/** As everywhere, these may be written in lower case, which then holds. */
function withProxies (env: Record<string, string>): Record<string, string> {
  return { ...env, ...withoutEmpty(Object.fromEntries(PROXY_VARIABLES.map((name) => [name, env[name.toLowerCase()]]))) }
}

/** The variables that go together, read without the schema that refused some variable. */
function relatedOf (data: Record<string, string>): Related {
  const { HOST = String(ConfigSchema.properties.HOST.default), API_KEYS = '', DATABASE_URL = '' } = data
  return {
    HOST,
    API_KEYS,
    DATABASE_URL,
    ALLOW_ANONYMOUS: data['ALLOW_ANONYMOUS'] === 'true',
    ROLE: ROLES.find((role) => role === data['ROLE']) ?? 'all',
  }
}

import { Type } from '@sinclair/typebox'
import { Value, type ValueError } from '@sinclair/typebox/value'
import { faultMeets } from './fault-kinds.ts'
import { type Fault, type SandboxSettings, SettingsSchema } from './settings.ts'

const PatchSchema = Type.Partial(SettingsSchema, { additionalProperties: false })

/** Invalid settings. `problems` has one sentence for each. */
export class SettingsError extends Error {
  readonly problems: readonly string[]

  constructor (problems: readonly string[]) {
    super(problems.join('; '))
    this.name = 'SettingsError'
    this.problems = problems
  }
}

/**
 * Validates settings, or a part of them.
 * @throws SettingsError
 */
export function checkSettings (patch: unknown): Partial<SandboxSettings> {
  const problems = [...Value.Errors(PatchSchema, patch)].map(describe)
  if (problems.length > 0) throw new SettingsError([...new Set(problems)])
  const settings = patch as Partial<SandboxSettings>
  const misplaced = settings.faults?.filter(isMisplaced) ?? []
  if (misplaced.length === 0) return settings
  throw new SettingsError(misplaced.map(({ kind, endpoint }) => `faults: ${kind} has no meaning on ${endpoint}`))
}

function isMisplaced ({ kind, endpoint }: Fault): boolean {
  return endpoint !== undefined && endpoint !== '*' && !faultMeets(kind, endpoint)
}

function describe (error: ValueError): string {
  const deepest = deepestOf(error)
  const name = deepest.path.slice(1).replaceAll('/', '.') || 'settings'
  return `${name}: ${allowed(deepest) ?? deepest.message.toLowerCase()}`
}

/** Returns the error itself, or in a union of schemas that of the variant with the fewest errors. */
function deepestOf (error: ValueError): ValueError {
  const inner = error.errors
    .map((errors) => [...errors])
    .filter((errors) => errors.some(({ path }) => path !== error.path))
  const nearest = inner.sort((a, b) => a.length - b.length)[0]?.[0]
  return nearest ? deepestOf(nearest) : error
}

function allowed ({ schema }: ValueError): string | undefined {
  const choices = (schema as { anyOf?: Array<{ const?: unknown }> }).anyOf?.map((choice) => choice.const)
  return choices?.every((choice) => typeof choice === 'string') ? `must be one of ${choices.join(', ')}` : undefined
}

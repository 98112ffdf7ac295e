import { Type } from '@sinclair/typebox'
import { Value, type ValueError } from '@sinclair/typebox/value'
import { faultMeets } from './fault-kinds.ts'
import { type SandboxSettings, SettingsSchema } from './settings.ts'

const PatchSchema = Type.Partial(SettingsSchema, { additionalProperties: false })

/** What is wrong with settings, one sentence each. */
export class SettingsError extends Error {
  readonly problems: readonly string[]

  constructor (problems: readonly string[]) {
    super(problems.join('; '))
    this.name = 'SettingsError'
    this.problems = problems
  }
}

/** @throws SettingsError */
export function checkSettings (patch: unknown): Partial<SandboxSettings> {
  const problems = [...Value.Errors(PatchSchema, patch)].map(describe)
  if (problems.length > 0) throw new SettingsError([...new Set(problems)])
  const settings = patch as Partial<SandboxSettings>
  const misplaced = settings.faults?.filter((fault) => fault.endpoint && fault.endpoint !== '*' && !faultMeets(fault.kind, fault.endpoint)) ?? []
  if (misplaced.length > 0) throw new SettingsError(misplaced.map(({ kind, endpoint }) => `faults: ${kind} has no meaning on ${endpoint}`))
  return settings
}

function describe (error: ValueError): string {
  const deepest = deepestOf(error)
  const name = deepest.path.slice(1).replaceAll('/', '.') || 'settings'
  return `${name}: ${allowed(deepest) ?? deepest.message.toLowerCase()}`
}

/** In a choice of schemas, the complaint of the one that came nearest. */
function deepestOf (error: ValueError): ValueError {
  const inner = error.errors.map((errors) => [...errors]).filter((errors) => errors.some(({ path }) => path !== error.path))
  const nearest = inner.sort((a, b) => a.length - b.length)[0]?.[0]
  return nearest ? deepestOf(nearest) : error
}

function allowed ({ schema }: ValueError): string | undefined {
  const choices = (schema as { anyOf?: Array<{ const?: unknown }> }).anyOf?.map((choice) => choice.const)
  return choices?.every((choice) => typeof choice === 'string') ? `must be one of ${choices.join(', ')}` : undefined
}

import { parseArgs } from 'node:util'
import { SettingsError } from './settings/check-settings.ts'
import { DEFAULT_SETTINGS, type SandboxSettings } from './settings/settings.ts'

export interface Start {
  readonly host: string
  readonly port: number
  readonly settings: Partial<SandboxSettings>
}

/** Tests for `--help`. */
export function wantsHelp (argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h')
}

type Environment = Readonly<Record<string, string | undefined>>

const NAMES = Object.keys(DEFAULT_SETTINGS) as Array<keyof SandboxSettings>
const TEXTS: ReadonlyArray<keyof SandboxSettings> = ['tier', 'dayZero', 'clientId', 'clientSecret']

/**
 * Reads how to start. Flags (--latency-ms) override variables (SANDBOX_LATENCY_MS), which override SANDBOX_SETTINGS
 * (JSON). Values that are not plain text are JSON. The settings are not validated yet.
 * @throws SettingsError
 */
export function readStart (argv: readonly string[], environment: Environment): Start {
  const flags = readFlags(argv)
  return {
    host: flags['host'] ?? environment['HOST'] ?? '127.0.0.1',
    port: portOf(flags['port'] ?? environment['PORT'] ?? '4000'),
    settings: {
      ...parseObject('SANDBOX_SETTINGS', environment['SANDBOX_SETTINGS'] ?? '{}'),
      ...collect((name) => `SANDBOX_${words(name, '_').toUpperCase()}`, environment),
      ...collect(flagOf, flags),
    },
  }
}

function readFlags (argv: readonly string[]): Environment {
  const names = ['host', 'port', ...NAMES.map(flagOf)]
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  try {
    return parseArgs({ args: [...argv], options }).values
  } catch (error) {
    throw new SettingsError([String((error as Error).message).split('\n', 1).join()])
  }
}

function collect (label: (name: string) => string, values: Environment): Record<string, unknown> {
  return Object.fromEntries(NAMES.flatMap((name) => {
    const value = values[label(name)]
    return value === undefined ? [] : [[name, TEXTS.includes(name) ? value : parse(label(name), value)]]
  }))
}

function parse (label: string, value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    throw new SettingsError([`${label}: expected a number or JSON, not ${value}`])
  }
}

function parseObject (label: string, value: string): object {
  const parsed = parse(label, value)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  throw new SettingsError([`${label}: expected a JSON object`])
}

function portOf (value: string): number {
  const port = Number(value)
  if (!/^\d+$/.test(value) || port > 65_535) throw new SettingsError([`port: expected 0 to 65535, not ${value}`])
  return port
}

/** Returns the flag of a setting: latencyMs → latency-ms. */
export function flagOf (name: string): string {
  return words(name, '-')
}

/** Separates the words of a name: latencyMs → latency-ms or latency_ms. */
function words (name: string, separator: string): string {
  return name.replace(/[A-Z]/g, (letter) => separator + letter.toLowerCase())
}

import type { TSchema } from '@sinclair/typebox'
import { FAULTS } from './settings/fault-kinds.ts'
import { FILTERS } from './calls/search-query.ts'
import { DEFAULT_SETTINGS, FaultSchema, SettingsSchema } from './settings/settings.ts'
import { flagOf } from './start-settings.ts'

/** Returns the text of `--help`: one line for each setting, field of a fault, kind of fault and search filter. */
export function helpText (): string {
  return [
    'A stand-in for Spotify. Prints the variables that point the service at it, as lines for .env.',
    '',
    'Usage: npm run sandbox -- [options]        (npm run -s sandbox > .env writes them to a file)',
    '',
    'Options. Each setting is also a variable (SANDBOX_LATENCY_MS=50) and a field of PUT /sandbox/settings ' +
      '(latencyMs).',
    ...table([
      ['--host ADDRESS', 'address to listen on (default 127.0.0.1)'],
      ['--port PORT', 'port to listen on; 0 takes a free one (default 4000)'],
      ['--help', 'print this and exit'],
      ...settingRows(),
    ]),
    '',
    'Fields of a fault',
    ...table(Object.entries(FaultSchema.properties).map(([name, schema]) => [name, descriptionOf(schema)])),
    '',
    'Kinds of faults',
    ...table(faultRows()),
    '',
    'Search filters for albums. All must hold, with free words and "quoted phrases"; an unknown filter is free text',
    ...table(Object.entries(FILTERS)),
    '',
  ].join('\n')
}

type Row = [name: string, text: string]

function settingRows (): Row[] {
  return Object.entries(SettingsSchema.properties).map(([name, schema]) => {
    const usual = DEFAULT_SETTINGS[name as keyof typeof DEFAULT_SETTINGS]
    const text = typeof usual === 'string' ? usual : JSON.stringify(usual)
    return [`--${flagOf(name)}`, `${descriptionOf(schema)} (default ${text})`]
  })
}

function faultRows (): Row[] {
  return Object.entries(FAULTS).map(([kind, { does, meets }]) =>
    [kind, meets === 'every' ? does : `${does} (${meets.join(', ')})`])
}

function descriptionOf (schema: TSchema): string {
  return String(schema.description)
}

function table (rows: Row[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
}

import { parseArgs } from 'node:util'

export const SCENARIOS = ['extended', 'development', 'rate-limited', 'ten-runs', 'large', 'download'] as const
export type ScenarioName = typeof SCENARIOS[number]

const SHORT: readonly ScenarioName[] = ['extended', 'development']

export const USAGE = `npm run bench -- [--short] [--record] [--only NAME,NAME] [--rounds N] [--cpu-prof]
  --short     the tiers only, one round: counts are checked, times say little
  --record    put the report into bench/README.md and bench/results.json; else it goes to data/bench/
  --only      some of ${SCENARIOS.join(', ')}
  --rounds    rounds of each contender; 5, and 1 with --short
  --cpu-prof  profiles of the service's processes, in data/bench/profiles/`

export interface Options {
  short: boolean
  record: boolean
  scenarios: readonly ScenarioName[]
  rounds: number
  profile: boolean
  help: boolean
}

/** Throws where an option is unknown or makes no sense. */
export function readOptions (argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: { short: { type: 'boolean' }, record: { type: 'boolean' }, only: { type: 'string' }, rounds: { type: 'string' }, 'cpu-prof': { type: 'boolean' }, help: { type: 'boolean' } },
  })
  const { short = false, record = false, help = false } = values
  const scenarios = values.only === undefined ? (short ? SHORT : SCENARIOS) : values.only.split(',').map(scenarioNamed)
  const rounds = Number(values.rounds ?? (short ? 1 : 5))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number from 1')
  if (record && (short || values.only !== undefined)) throw new Error('--record is for the whole benchmark: leave --short and --only away')
  return { short, record, scenarios, rounds, help, profile: values['cpu-prof'] ?? false }
}

function scenarioNamed (name: string): ScenarioName {
  const known = SCENARIOS.find((scenario) => scenario === name)
  if (known === undefined) throw new Error(`there is no scenario "${name}": there are ${SCENARIOS.join(', ')}`)
  return known
}

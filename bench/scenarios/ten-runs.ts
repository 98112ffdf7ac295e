import { type Bench, sample, withContender } from '../bench.ts'
import { type Work, developmentCalls } from '../bounds.ts'
import { type ContenderName, CONTENDERS } from '../contenders/index.ts'
import type { Row, Section, Table } from '../results.ts'
import { LISTINGS, workOf } from './tiers.ts'
import { fairness } from './fairness.ts'

const RUNS = 10
const ALBUMS = 100
const CATALOGUE = 120
const IN_FLIGHT = 10
const NAMES: ContenderName[] = ['service', 'pipeline', 'course', 'sdk', 'sdkAtOnce']

/** Ten runs of 100 albums at once in one process, without the cache; then ten that share a limit. */
export async function tenRuns (bench: Bench): Promise<Section> {
  const { sandbox, say, latencyMs, rounds } = bench
  say(`${RUNS} runs at once, ${ALBUMS} albums each`)
  await sandbox.set({ tier: 'development', albums: CATALOGUE, latencyMs, rateLimit: null })
  const rows: Row[] = NAMES.map((name) => ({ contender: CONTENDERS[name].name, samples: [] }))
  for (let round = 1; round <= rounds; round++) {
    for (const [place, name] of NAMES.entries()) {
      await withContender(bench, name, { RUN_CONCURRENCY: String(RUNS) }, async (running) => {
        rows[place]?.samples.push(await sample(bench, name, running, { albums: ALBUMS, listing: LISTINGS.development, times: RUNS, refresh: true }))
      })
    }
  }
  const { work, tracks } = await workOf(bench, 'development', ALBUMS)
  const table: Table = { id: 'ten-runs', title: `${RUNS} runs at once`, about: [aboutRuns(work)], albums: ALBUMS, tracks, criticalMs: pathMs(work, latencyMs), rows }
  const fair = await fairness(bench, RUNS)
  return { ...fair, tables: [table] }
}

function pathMs (work: Work, latencyMs: number): number {
  return latencyMs * (2 + Math.ceil((RUNS * developmentCalls(work) - 1) / IN_FLIGHT))
}

function aboutRuns (work: Work): string {
  return `${ALBUMS} albums each in the development tier, in one process, nothing taken from a cache or from each other. Critical path at ${IN_FLIGHT} calls in flight: token, first page,` +
    ` and the other ${RUNS * developmentCalls(work) - 1} necessary calls in rounds of ten. Only the service keeps to that number; the others have ten and more, up to thousands, in flight together.`
}

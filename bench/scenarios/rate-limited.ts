import { type Bench, sample, withContender } from '../bench.ts'
import { limitedPathMs } from '../bounds.ts'
import { type ContenderName, CONTENDERS } from '../contenders/index.ts'
import type { Row, Sample, Section, Table } from '../results.ts'
import { atMost } from '../targets/check.ts'
import { LISTINGS, workOf } from './tiers.ts'

const CALLS_PER_30S = 100
/** With the pages of the listing, further pages of tracks, and what must be found out, about 250 calls. */
const ALBUMS = 212
const CATALOGUE = 240
const NAMES: ContenderName[] = ['service', 'pipeline', 'course', 'sdk', 'sdkAtOnce']

/** A run of about 250 calls where 100 in any 30 seconds are allowed. One round: it takes two whole windows. */
export async function rateLimited (bench: Bench): Promise<Section> {
  const { sandbox, say, latencyMs } = bench
  say(`rate limit of ${CALLS_PER_30S} calls in 30 s, ${ALBUMS} albums: a minute and more for each contender that waits`)
  const rows: Row[] = []
  for (const name of NAMES) {
    await sandbox.set({ tier: 'development', albums: CATALOGUE, latencyMs, rateLimit: { calls: CALLS_PER_30S } })
    await withContender(bench, name, { SPOTIFY_CALLS_PER_30S: String(CALLS_PER_30S) }, async (running) => {
      const job = { albums: ALBUMS, listing: LISTINGS.development, times: 1, refresh: false }
      rows.push({ contender: CONTENDERS[name].name, samples: [await sample(bench, name, running, job)] })
    })
  }
  const [service] = rows[0]?.samples ?? []
  if (service === undefined) throw new Error('the service did not run')
  const { calls } = service.stats
  const criticalMs = limitedPathMs(calls, CALLS_PER_30S, latencyMs)
  const table: Table = {
    id: 'rate-limited',
    title: `at most ${CALLS_PER_30S} calls in 30 seconds`,
    about: [
      `${ALBUMS} albums in the development tier, one round. Least possible: the last of the service's ${calls} calls can be sent ${Math.floor((calls - 1) / CALLS_PER_30S)} windows of 30 s after the first,` +
      ` and token and last call take ${latencyMs} ms each: ${criticalMs} ms. A contender without a notion of the limit goes on calling or gives up; what it then got stands in the last column.`,
    ],
    albums: ALBUMS,
    tracks: (await workOf(bench, 'development', ALBUMS)).tracks,
    criticalMs,
    rows,
  }
  return {
    tables: [table],
    figures: [],
    checks: [
      atMost('3', 'time', `a run of ${calls} calls at ${CALLS_PER_30S} in 30 s, as a multiple of the least possible time`, service.wallMs / criticalMs, 1.05),
      atMost('3', 'count', `a run of ${calls} calls: answers 429`, refusals(service), 0),
    ],
  }
}

export function refusals ({ stats: { byEndpoint } }: Pick<Sample, 'stats'>): number {
  return Object.values(byEndpoint).reduce((count, { byStatus }) => count + (byStatus['429'] ?? 0), 0)
}

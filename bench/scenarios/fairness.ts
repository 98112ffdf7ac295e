import { type Bench, sample } from '../bench.ts'
import type { Job, Outcome } from '../contenders/contender.ts'
import { environment } from '../environment.ts'
import type { Section } from '../results.ts'
import { startService } from '../service.ts'
import { atMost } from '../targets/check.ts'
import { refusals } from './rate-limited.ts'

const CALLS_PER_30S = 100
const ALBUMS = 25
const CATALOGUE = 400
const TRACKS_PAGE_SIZE = 50

/** Runs of equal length (25 albums of one page each, none in two of them) that start together and share 100 calls in 30 seconds. */
export async function fairness (bench: Bench, runs: number): Promise<Omit<Section, 'tables'>> {
  const { sandbox, say, latencyMs } = bench
  say(`${runs} runs at once that share ${CALLS_PER_30S} calls in 30 s`)
  await sandbox.set({ tier: 'development', albums: CATALOGUE, latencyMs, rateLimit: { calls: CALLS_PER_30S } })
  const { newReleases, searchOrder, tracks } = await sandbox.catalogue()
  const ids = [...new Set([...newReleases, ...searchOrder])].filter((id) => (tracks.get(id) ?? 0) <= TRACKS_PAGE_SIZE)
  const { outcomes, stats, wallMs } = await bench.withFolder(async (folder) => {
    const service = await startService(folder, {
      ...environment(sandbox.origin, folder), SPOTIFY_CALLS_PER_30S: String(CALLS_PER_30S), RUN_CONCURRENCY: String(runs),
    }, bench.nodeArgs)
    const bodies = Array.from({ length: runs }, (_, number) => ({ source: 'albums', albumIds: ids.slice(number * ALBUMS, (number + 1) * ALBUMS), refresh: true }))
    const running = { ...service, run: async (_job: Job) => await service.runAll(bodies) }
    try {
      return await sample(bench, 'service', running, { albums: ALBUMS, listing: { source: 'search', mostPageSize: 10 }, times: runs, refresh: true })
    } finally {
      await service.stop()
    }
  })
  const [first, last] = [Math.min(...outcomes.map(endedMs)), Math.max(...outcomes.map(endedMs))]
  const missing = outcomes.filter(({ error, albums }) => error !== null || albums !== ALBUMS).length
  return {
    figures: [{
      id: 'fairness',
      title: `${runs} runs at once that share ${CALLS_PER_30S} calls in 30 seconds`,
      about: [`${ALBUMS} albums each, by id, in the development tier; one round. Seconds from the first acceptance until each run had ended:`],
      columns: [...outcomes.map((_, place) => `${place + 1}.`), 'calls'],
      rows: [[...outcomes.map(endedMs).sort((a, b) => a - b).map((ms) => (ms / 1000).toFixed(1)), String(stats.calls)]],
    }],
    checks: [
      atMost('3', 'time', `${runs} equal runs at once, ${(wallMs / 1000).toFixed(1)} s: end of the last as a multiple of the end of the first`, last / first, 1.2),
      atMost('3', 'count', `${runs} equal runs at once: answers 429`, refusals({ stats }), 0),
      atMost('6', 'count', `${runs} equal runs at once: runs in which anything is missing`, missing, 0),
    ],
  }
}

function endedMs (outcome: Outcome): number {
  return outcome.endedMs
}

import { type Bench, sample, withContender } from '../bench.ts'
import { type Work, developmentCalls, developmentPathMs, extendedCalls, extendedPathMs, strictExtendedPathMs } from '../bounds.ts'
import type { Listing } from '../contenders/contender.ts'
import { type ContenderName, CONTENDERS } from '../contenders/index.ts'
import type { Row, Sample, Section, Table } from '../results.ts'
import { tierChecks } from '../targets/tiers.ts'

export type Tier = 'extended' | 'development'

const ALBUMS = 100
const CATALOGUE = 120
const TRACKS_PAGE_SIZE = 50

export const LISTINGS: Record<Tier, Listing> = {
  extended: { source: 'new-releases', mostPageSize: 50 },
  development: { source: 'search', mostPageSize: 10 },
}

/** What the service asks one after the other in the development tier before it can list: new-releases, then pages of 50 and of 20. */
const ASKED = 3

const NAMES: Record<'full' | 'short', ContenderName[]> = {
  full: ['service', 'pipeline', 'course', 'sdk', 'sdkBatch', 'sdkAtOnce'],
  short: ['service', 'pipeline', 'course'],
}

const WARM_UP: Record<Tier, ContenderName[]> = { extended: ['sdkAtOnce', 'sdkBatch', 'sdkBatch'], development: ['sdkAtOnce', 'sdkAtOnce'] }

/** The service and its pipeline work three times in a process: first, again without the cache, and again with it. */
const AGAIN: ContenderName[] = ['service', 'pipeline']

/** 100 albums in one tier, by all contenders, each round in fresh processes. */
export async function tier (bench: Bench, tier: Tier): Promise<Section> {
  const { sandbox, say, latencyMs, rounds } = bench
  say(`${tier} tier, ${ALBUMS} albums, ${latencyMs} ms`)
  await sandbox.set({ tier, albums: CATALOGUE, latencyMs, rateLimit: null })
  await warmUp(bench, tier)
  const first = new Map<ContenderName, Sample[]>()
  const again = new Map<ContenderName, Sample[]>()
  const cached = new Map<ContenderName, Sample[]>()
  const names = NAMES[bench.short ? 'short' : 'full']
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      await withContender(bench, name, {}, async (running) => {
        const job = { albums: ALBUMS, listing: LISTINGS[tier], times: 1, refresh: false }
        add(first, name, await sample(bench, name, running, job))
        if (!AGAIN.includes(name)) return
        add(again, name, await sample(bench, name, running, { ...job, refresh: true }))
        add(cached, name, await sample(bench, name, running, job))
      })
    }
  }
  const { work, tracks, counts } = await workOf(bench, tier)
  const common = { albums: ALBUMS, tracks }
  const firstRows = [...first].map(([name, samples]) => rowOf(name, samples))
  const againRows = [...again].map(([name, samples]) => ({ samples, contender: laterName(name), criticalMs: laterPathMs(tier, work, latencyMs) }))
  const cold: Table = { ...common, id: tier, title: `${tier} tier`, about: [...aboutTier(tier, work, counts, latencyMs), aboutRounds(tier, work, latencyMs)], criticalMs: pathMs(tier, work, latencyMs), rows: [...firstRows, ...againRows] }
  const warm: Table = {
    ...common,
    id: `${tier}-cached`,
    title: `${tier} tier, second run with a warm cache`,
    about: ['The same listing again, in the same process and folder. The others have no cache: their rows are those of the table above.'],
    criticalMs: null,
    rows: [...[...cached].map(([name, samples]) => rowOf(name, samples)), ...firstRows.filter(({ contender }) => !AGAIN.some((name) => CONTENDERS[name].name === contender))],
  }
  return { tables: [cold, warm], figures: [], checks: tierChecks(tier, cold, warm, work) }
}

export async function workOf ({ sandbox }: Bench, tier: Tier, albums = ALBUMS): Promise<{ work: Work, tracks: number, counts: number[] }> {
  const { newReleases, searchOrder, tracks } = await sandbox.catalogue()
  const counts = (tier === 'extended' ? newReleases : searchOrder).slice(0, albums).map((id) => tracks.get(id) ?? 0)
  const furtherPages = counts.reduce((pages, count) => pages + Math.ceil(count / TRACKS_PAGE_SIZE) - 1, 0)
  return { work: { pages: Math.ceil(albums / LISTINGS[tier].mostPageSize), albums, furtherPages }, tracks: counts.reduce((total, count) => total + count, 0), counts }
}

/** The sandbox's own first calls are slow, and would be counted against whoever makes them. */
async function warmUp (bench: Bench, tier: Tier): Promise<void> {
  for (const name of WARM_UP[tier]) {
    await withContender(bench, name, {}, async (running) => await running.run({ albums: ALBUMS, listing: LISTINGS[tier], times: 1, refresh: false }))
  }
}

/** Not the first run of its process: it has its token, and knows what the app may do. */
export function laterName (name: ContenderName): string {
  return `${CONTENDERS[name].name}: later run, no cache`
}

function laterPathMs (tier: Tier, work: Work, latencyMs: number): number {
  return (tier === 'extended' ? extendedPathMs(work, latencyMs) : developmentPathMs(work, latencyMs)) - latencyMs
}

function pathMs (tier: Tier, work: Work, latencyMs: number): number {
  return tier === 'extended' ? extendedPathMs(work, latencyMs) : developmentPathMs(work, latencyMs, ASKED)
}

function aboutTier (tier: Tier, work: Work, counts: number[], latencyMs: number): string[] {
  if (tier === 'extended') {
    return [
      `Necessary: ${extendedCalls(work)} calls (${work.pages} pages, ${Math.ceil(work.albums / 20)} batches of 20, ${work.furtherPages} further pages of tracks).`,
      `Critical path: token, ${work.pages} pages, the last batch and one further page, ${latencyMs} ms each: ${extendedPathMs(work, latencyMs)} ms. That is the one which was promised, and the ratio is to it;` +
      ` by where the albums over 50 tracks stand in this listing it is ${strictExtendedPathMs(counts, LISTINGS.extended.mostPageSize, latencyMs)} ms.`,
    ]
  }
  const necessary = developmentCalls(work)
  return [
    `Necessary: ${necessary} calls (${work.pages} pages of 10, ${work.albums} albums, ${work.furtherPages} further pages of tracks), no batch, no new-releases: the others are told to list by search.`,
    `Critical path: token, first page and ${Math.ceil((necessary - 1) / 10)} rounds of ten calls, ${latencyMs} ms each, are ${developmentPathMs(work, latencyMs)} ms for a client that knows everything beforehand;` +
    ` with the ${ASKED} questions that find out what the app may do (new-releases, pages of 50, of 20) ${developmentPathMs(work, latencyMs, ASKED)} ms. The ratio is to the latter.`,
  ]
}

function aboutRounds (tier: Tier, work: Work, latencyMs: number): string {
  return 'Each round of a contender is the first job of a fresh process: nothing is compiled, no connection is open. A later run of the same process without the cache (`refresh`)' +
    ` has its token and asks nothing: its critical path is ${laterPathMs(tier, work, latencyMs)} ms.`
}

function rowOf (name: ContenderName, samples: Sample[]): Row {
  return { contender: CONTENDERS[name].name, samples }
}

function add (to: Map<ContenderName, Sample[]>, name: ContenderName, sample: Sample): void {
  to.set(name, [...to.get(name) ?? [], sample])
}

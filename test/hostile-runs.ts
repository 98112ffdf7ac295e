import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { request } from 'undici'
import { createRandom } from '../src/sandbox/catalogue/random.ts'
import type { SourceName } from '../src/schemas/ingest-body.ts'
import type { Run } from '../src/schemas/run.ts'
import { leaks, wrongs, wrongsOfCalls, wrongsOfLog } from './hostile-laws.ts'
import type { HostileUpstream } from './hostile-upstream.ts'
import { post } from './process.ts'

export const ATTEMPTS = 3
const RUN_ENDS_WITHIN_MS = 90_000
/** A pause that is longer is not waited for. */
const LONGEST_WAIT_MS = 5000

/** Many calls in a short time: no pace, and short waits. */
export const HOSTILE_SETTINGS = {
  LOG_LEVEL: 'debug',
  SPOTIFY_CALLS_PER_30S: '1000000',
  SPOTIFY_MAX_ATTEMPTS: String(ATTEMPTS),
  SPOTIFY_MAX_CONCURRENCY: '30',
  SPOTIFY_MAX_WAIT_S: '1',
  SPOTIFY_TIMEOUT_MS: '1500',
  REQUESTS_PER_MINUTE: '0',
}

/** A service under test, and what stands before the sandbox. */
export interface Lane {
  upstream: HostileUpstream
  url: string
  /** All that was logged. */
  output: () => string
  /** Its clock, in epoch milliseconds. */
  now: () => number
  /** Where the log of the run before begins. */
  previousLog: number
}

/** How a run went. */
export interface Outcome {
  status: Run['status']
  isCanceled: boolean
  /** Calls, as the largest share of a bound that they reached. */
  share: number
}

export function changesOf ({ changes }: HostileUpstream): number {
  return (changes.get('of an answer') ?? 0) + (changes.get('of a token') ?? 0)
}

const SOURCES: readonly SourceName[] = ['auto', 'search', 'artists', 'albums', 'new-releases']

/** The request of a seed: each source in turn, both ways of paging. */
function bodyOf (seed: number, limit: number, { sandbox: { catalogue } }: HostileUpstream['sandbox']): object {
  const source = SOURCES[seed % SOURCES.length] ?? 'auto'
  const pagination = seed % 2 === 0 ? 'next' : 'offset'
  const first = seed % 20
  const listing = { source, pagination, limit, refresh: seed % 4 > 0 }
  switch (source) {
    case 'albums':
      return { source, albumIds: catalogue.ids.slice(first, first + limit), refresh: true }
    case 'artists':
      return {
        ...listing,
        artistIds: [...catalogue.artists()].slice(first, first + 10).map(({ id }) => id),
        refresh: true,
      }
    case 'auto':
    case 'search':
    case 'new-releases':
      return listing
  }
}

async function statusOf ({ url }: Lane, id: string): Promise<Run> {
  return await (await request(`${url}/runs/${id}/status`)).body.json() as Run
}

/** The run when it has ended; one that is paused for long, with a reason, is canceled then. */
async function untilOver (lane: Lane, id: string): Promise<{ run: Run, isCanceled: boolean }> {
  const lateAtMs = performance.now() + RUN_ENDS_WITHIN_MS
  for (let isCanceled = false; ; await delay(20)) {
    const run = await statusOf(lane, id)
    if (run.finishedAt !== null) return { run, isCanceled }
    if (performance.now() > lateAtMs) throw new Error(`the run does not end: ${JSON.stringify(run).slice(0, 3000)}`)
    if (run.status !== 'paused' || Date.parse(run.resumeAt ?? '') <= lane.now() + LONGEST_WAIT_MS) continue
    if (run.error === null) throw new Error('paused without a reason')
    isCanceled = true
    await (await request(`${lane.url}/runs/${id}/cancel`, { method: 'POST' })).body.dump()
  }
}

const FORMATS = ['csv', 'ndjson', 'tracks'] as const

/** Makes one run under a seed's changes, and fails the test for each law that it breaks. */
export async function runUnder (
  t: Test,
  lane: Lane,
  { seed, limit, mayPause }: { seed: number, limit: number, mayPause: boolean }
): Promise<Outcome> {
  const { upstream, url } = lane
  const logged = lane.output().length
  upstream.begin({ seed, probability: 0.05 + 0.55 * Math.sqrt(createRandom(seed)()), mayPause })
  const { id } = await post(url, bodyOf(seed, limit, upstream.sandbox))
  const { run, isCanceled } = await untilOver(lane, id)
  const text = await (await request(`${url}/runs/${id}`)).body.text()
  const wrong = wrongs(run, text, upstream)
  if (run.error?.code === 'internal_error' || run.gaps.some(({ code }) => code === 'internal_error')) {
    wrong.push('internal error')
  }

  const executions = lane
    .output()
    .slice(logged)
    .split('\n')
    .filter((line) => line.includes(id) && line.includes('"msg":"run started"')).length
  const calls = [...upstream.calls.values()].reduce((sum, count) => sum + count, 0)
  const counted = wrongsOfCalls(run, upstream.calls, { attempts: ATTEMPTS, executions })
  wrong.push(...counted.wrong)
  // On a busy machine a call may reach the upstream after the service gave it up, or in the time of the next run.
  const late = lane.output().slice(lane.previousLog).split('gave no whole answer within').length - 1
  lane.previousLog = logged
  if (Math.abs(run.cost.calls - calls) > late) {
    wrong.push(`the run counts ${run.cost.calls} of ${calls} calls, ${late} were given up`)
  }
  if (upstream.tokenRequests() > (calls + 2 * executions) * ATTEMPTS) {
    wrong.push(`${upstream.tokenRequests()} requests for a token`)
  }

  for (const format of FORMATS) {
    const converted = await request(`${url}/runs/${id}?format=${format}`)
    await converted.body.text().catch(() => wrong.push(`${format} breaks off`))
    if (converted.statusCode !== 200) wrong.push(`${format}: ${converted.statusCode}`)
  }
  const shown = JSON.stringify(await statusOf(lane, id)) + text
  wrong.push(...leaks(shown, upstream.secrets).map((secret) => `a secret is in the document: ${secret}`))
  wrong.push(...wrongsOfLog(lane.output().slice(logged), upstream.secrets))
  t.strictSame(wrong, [], `seed ${seed}: ${run.status}, no law is broken`)
  return { status: run.status, isCanceled, share: counted.share }
}

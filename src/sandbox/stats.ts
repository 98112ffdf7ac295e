import { type FaultKind } from './fault-kinds.ts'
import { type Block, isTooSoon } from './rate-limit.ts'
import { createRollingWindow } from './rolling-window.ts'
import { type EndpointName, ENDPOINTS } from './settings.ts'

const WINDOW_MS = 30_000

export interface EndpointStats {
  total: number
  /** By HTTP status, or `reset`, `cut` or `stall` where there was no whole answer. */
  byStatus: Record<string, number>
}

export interface SandboxStats {
  /** Calls of the API, without the token endpoint. */
  calls: number
  /** Calls of the token endpoint. */
  token: number
  tokensIssued: number
  byEndpoint: Record<EndpointName, EndpointStats>
  /** The most API calls that were waiting for their answer at one time. */
  peakInFlight: number
  /** The most API calls that arrived in any 30 seconds. */
  peakPer30s: number
  /** API calls before a Retry-After that the sandbox had named was over; those of its first second, or of the first 40 % of a shorter time, were on their way already. */
  calledWhileBlocked: number
  /** How often each album's own body (one or in a batch) was answered whole. */
  served: Record<string, number>
  /** How often a fault of each kind has struck. */
  faults: Partial<Record<FaultKind, number>>
}

export interface CallRecord {
  /** Counts the outcome and ends the call. Later calls of it do nothing. */
  end (outcome: string, servedAlbums?: readonly string[]): void
}

export interface StatsRecorder {
  arrive (endpoint: EndpointName): CallRecord
  tokenIssued (): void
  struck (kind: FaultKind): void
  /** From now on, until so many seconds have passed, calls are not welcome. */
  retryAfterNamed (seconds: number): void
  /** The sandbox was set anew: what it named before counts no more. */
  forgetBlock (): void
  snapshot (): SandboxStats
  reset (): void
}

export function createStats (now: () => number): StatsRecorder {
  let stats = emptyStats()
  let inFlight = 0
  let arrivals = createRollingWindow(WINDOW_MS)
  let block: Block | null = null

  function countApiCall (nowMs: number): void {
    stats.calls += 1
    stats.peakInFlight = Math.max(stats.peakInFlight, inFlight)
    arrivals.add(nowMs)
    stats.peakPer30s = Math.max(stats.peakPer30s, arrivals.count(nowMs))
    if (block !== null && isTooSoon(block, nowMs)) stats.calledWhileBlocked += 1
  }

  return {
    arrive (endpoint) {
      const isApi = endpoint !== 'token'
      if (isApi) {
        inFlight += 1
        countApiCall(now())
      } else stats.token += 1
      const own = stats.byEndpoint[endpoint]
      own.total += 1
      const { served } = stats
      let ended = false
      return {
        end (outcome, servedAlbums = []) {
          if (ended) return
          ended = true
          if (isApi) inFlight -= 1
          own.byStatus[outcome] = (own.byStatus[outcome] ?? 0) + 1
          for (const id of servedAlbums) served[id] = (served[id] ?? 0) + 1
        },
      }
    },
    tokenIssued () { stats.tokensIssued += 1 },
    struck (kind) { stats.faults[kind] = (stats.faults[kind] ?? 0) + 1 },
    retryAfterNamed (seconds) {
      const nowMs = now()
      const untilMs = nowMs + seconds * 1000
      if (block === null || nowMs >= block.untilMs) block = { sinceMs: nowMs, untilMs }
      else block.untilMs = Math.max(block.untilMs, untilMs)
    },
    forgetBlock () { block = null },
    snapshot: () => structuredClone(stats),
    reset () {
      stats = emptyStats()
      arrivals = createRollingWindow(WINDOW_MS)
    },
  }
}

function emptyStats (): SandboxStats {
  const byEndpoint = Object.fromEntries(ENDPOINTS.map((name) => [name, { total: 0, byStatus: {} }])) as Record<EndpointName, EndpointStats>
  return { calls: 0, token: 0, tokensIssued: 0, byEndpoint, peakInFlight: 0, peakPer30s: 0, calledWhileBlocked: 0, served: {}, faults: {} }
}

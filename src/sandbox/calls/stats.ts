import type { FaultKind } from '../settings/fault-kinds.ts'
import { type Block, isTooSoon } from '../limits/rate-limit.ts'
import { createRollingWindow } from '../limits/rolling-window.ts'
import { type EndpointName, ENDPOINTS } from '../settings/endpoints.ts'

const WINDOW_MS = 30_000

export interface EndpointStats {
  total: number
  /** Calls by HTTP status, or `reset`, `cut` or `stall` where there was no complete answer. */
  byStatus: Record<string, number>
}

export interface SandboxStats {
  /** API calls, without the token endpoint. */
  calls: number
  /** Calls of the token endpoint. */
  token: number
  tokensIssued: number
  byEndpoint: Record<EndpointName, EndpointStats>
  /** The most API calls in flight at one time. */
  peakInFlight: number
  /** The most API calls that arrived in any 30 seconds. */
  peakPer30s: number
  /**
   * API calls before the end of a Retry-After. Those in its first second, or in the first 40 % of a shorter one, were
   * already in flight and do not count.
   */
  calledWhileBlocked: number
  /** How often each full album was answered, by itself or in a batch. */
  served: Record<string, number>
  /** How often a fault of each kind has struck. */
  faults: Partial<Record<FaultKind, number>>
}

export interface CallRecord {
  /** Counts the outcome and ends the call. Repeated calls do nothing. */
  end (outcome: string, servedAlbums?: readonly string[]): void
}

export interface StatsRecorder {
  arrive (endpoint: EndpointName): CallRecord
  tokenIssued (): void
  struck (kind: FaultKind): void
  /** Starts a pause: calls within so many seconds count as calls while blocked. */
  retryAfterNamed (seconds: number): void
  /** Ends the pause, because settings have changed. */
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
  const entries = ENDPOINTS.map((name) => [name, { total: 0, byStatus: {} }])
  return {
    calls: 0,
    token: 0,
    tokensIssued: 0,
    byEndpoint: Object.fromEntries(entries) as Record<EndpointName, EndpointStats>,
    peakInFlight: 0,
    peakPer30s: 0,
    calledWhileBlocked: 0,
    served: {},
    faults: {},
  }
}

import type { Log } from '../log.ts'
import { isRecord } from '../fields.ts'
import { ENDPOINT_NAMES, type Endpoint, PAGE_SIZES } from './http/endpoint.ts'

/** What this app may do with one endpoint, as far as that is known now. */
export interface Capability {
  /** Why Spotify refuses the endpoint to this app; null while it does not. */
  refusal: string | null
  /** The largest page size that is not known to be refused. */
  pageSize: number
  /** The largest page size that was answered; 0 before the first. */
  provenSize: number
  /** Whether the endpoint has answered 200. */
  works: boolean
}

/** A fact and when it became known, in epoch milliseconds. */
interface Fact<Value> {
  value: Value
  atMs: number
}

/** Whether an endpoint serves this app, as last answered. */
export interface Verdict {
  /** The HTTP status; null where a refusal was stored without one. */
  status: number | null
  /** Why it was refused; null: it has answered. */
  detail: string | null
  atMs: number
}

/** What was learnt of an endpoint. Each fact expires on its own, and the newer one counts. */
interface EndpointFacts {
  /** Why it was refused; null: it has answered. */
  refusal?: Fact<string | null> & { status?: number }
  pageSize?: Fact<number>
  provenSize?: Fact<number>
}

/** All facts, and of which app at which API they are. */
export interface CapabilitiesSnapshot {
  scope: string
  known: Array<[Endpoint, EndpointFacts]>
}

/** Stores capabilities beyond the process. What `load` returns is checked before it is used. */
export interface CapabilityStore {
  load: () => Promise<unknown>
  save: (snapshot: CapabilitiesSnapshot) => Promise<void>
}

/** What this app may do, per endpoint, learnt by asking: no answer is inferred from another endpoint's. */
export interface Capabilities {
  readonly scope: string
  about: (endpoint: Endpoint) => Capability
  /** The last verdict on the endpoint; null where none is known, or it has expired. */
  verdict: (endpoint: Endpoint) => Verdict | null
  /** Whether any endpoint has answered this app. */
  hasServed: () => boolean
  /** Records an answer, and the page size that it gave; stores that in the background. */
  worked: (endpoint: Endpoint, size: number | null) => void
  /** Records and stores that Spotify refuses the endpoint, and with which status. */
  refused: (endpoint: Endpoint, detail: string, status?: number) => Promise<void>
  /**
   * Steps down one page size after `refusedSize` was too large, and stores that; false where there is no smaller one.
   */
  stepDown: (endpoint: Endpoint, refusedSize: number) => Promise<boolean>
  /** Merge what other processes have stored. */
  refresh: () => Promise<void>
  /** Resolve when all that was learnt is stored. */
  flush: () => Promise<void>
}

interface CapabilitiesOptions {
  /** The API and the app. */
  scope: string
  /** Epoch milliseconds. */
  now: () => number
  store: CapabilityStore
  log: Log
}

/** A tier may change, and a refusal may have been a mistake: after this time each fact is asked again. */
export const FACT_LIFETIME_MS = 24 * 3_600_000

/** A fact that holds on is renewed, and stored, no more often than this. */
const RENEWED_AFTER_MS = 3_600_000

export function createCapabilities ({ scope, now, store, log }: CapabilitiesOptions): Capabilities {
  const known = new Map<Endpoint, EndpointFacts>()
  let saving = Promise.resolve()
  let isSaveQueued = false

  /** A fact from a clock that was ahead counts as long as one of now would. */
  function isWithin (ms: number, fact: Fact<unknown> | undefined): boolean {
    return fact !== undefined && Math.abs(now() - fact.atMs) < ms
  }

  function fresh<Value> (fact: Fact<Value> | undefined): Value | undefined {
    return isWithin(FACT_LIFETIME_MS, fact) ? fact?.value : undefined
  }

  function about (endpoint: Endpoint): Capability {
    const { refusal, pageSize, provenSize } = known.get(endpoint) ?? {}
    const said = fresh(refusal)
    return {
      refusal: said ?? null,
      pageSize: fresh(pageSize) ?? PAGE_SIZES[0],
      provenSize: fresh(provenSize) ?? 0,
      works: said === null,
    }
  }

  async function learn (endpoint: Endpoint, facts: EndpointFacts): Promise<void> {
    known.set(endpoint, { ...known.get(endpoint), ...facts })
    await save()
  }

  function save (): Promise<void> {
    if (isSaveQueued) return saving
    isSaveQueued = true
    saving = saving.then(async () => {
      isSaveQueued = false
      await refresh()
      await store.save({ scope, known: [...known] })
    }).catch((error: unknown) => log.warn({ err: error }, 'capabilities could not be stored'))
    return saving
  }

  function restore (stored: unknown): void {
    for (const [endpoint, facts] of readSnapshot(stored, scope)) {
      const mine = known.get(endpoint) ?? {}
      known.set(endpoint, {
        ...newer('refusal', mine, facts),
        ...newer('pageSize', mine, facts),
        ...newer('provenSize', mine, facts),
      })
    }
  }

  async function refresh (): Promise<void> {
    restore(await store.load())
  }

  return {
    scope,
    about,
    refresh,
    flush: async () => await saving,
    verdict (endpoint) {
      const { refusal } = known.get(endpoint) ?? {}
      if (refusal === undefined || fresh(refusal) === undefined) return null
      const { value, atMs, status } = refusal
      return { status: value === null ? 200 : status ?? null, detail: value, atMs }
    },
    hasServed: () => [...known.keys()].some((endpoint) => about(endpoint).works),

    worked (endpoint, size) {
      const { works, provenSize } = about(endpoint)
      const isRecent = isWithin(RENEWED_AFTER_MS, known.get(endpoint)?.refusal)
      const isLarger = size !== null && size > provenSize
      if (works && isRecent && !isLarger) return
      const atMs = now()
      void learn(endpoint, {
        refusal: { value: null, atMs },
        ...size === null ? {} : { provenSize: { value: Math.max(size, provenSize), atMs } },
      })
    },

    async refused (endpoint, detail, status) {
      await learn(endpoint, { refusal: { value: detail, atMs: now(), ...status === undefined ? {} : { status } } })
    },

    async stepDown (endpoint, refusedSize) {
      const smaller = PAGE_SIZES.find((size) => size < refusedSize)
      if (smaller === undefined) return false
      const { pageSize, provenSize } = about(endpoint)
      const atMs = now()
      await learn(endpoint, {
        pageSize: { value: Math.min(smaller, pageSize), atMs },
        ...provenSize > smaller ? { provenSize: { value: smaller, atMs } } : {},
      })
      return true
    },
  }
}

function newer<Name extends keyof EndpointFacts> (
  name: Name, mine: EndpointFacts, theirs: EndpointFacts
): Pick<EndpointFacts, Name> {
  const [a, b] = [mine[name], theirs[name]]
  const fact = a === undefined || (b !== undefined && b.atMs > a.atMs) ? b : a
  return { ...fact === undefined ? {} : { [name]: fact } } as Pick<EndpointFacts, Name>
}

/** Returns the usable facts of a stored snapshot: none of another app, an earlier version or a damaged one. */
function readSnapshot (stored: unknown, scope: string): Array<[Endpoint, EndpointFacts]> {
  if (!isRecord(stored) || stored['scope'] !== scope || !Array.isArray(stored['known'])) return []
  return (stored['known'] as unknown[]).flatMap((entry): Array<[Endpoint, EndpointFacts]> => {
    if (!Array.isArray(entry) || !isEndpoint(entry[0]) || !isRecord(entry[1])) return []
    const { refusal, pageSize, provenSize } = entry[1]
    return [[entry[0], {
      ...isFact(refusal, isReason) && isStatus((refusal as { status?: unknown }).status) ? { refusal } : {},
      ...isFact(pageSize, isPageSize) ? { pageSize } : {},
      ...isFact(provenSize, isSize) ? { provenSize } : {},
    }]]
  })
}

function isEndpoint (name: unknown): name is Endpoint {
  return typeof name === 'string' && Object.hasOwn(ENDPOINT_NAMES, name)
}

function isFact<Value> (fact: unknown, isValue: (value: unknown) => value is Value): fact is Fact<Value> {
  return isRecord(fact) && Number.isFinite(fact['atMs']) && isValue(fact['value'])
}

function isReason (value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function isStatus (value: unknown): boolean {
  return value === undefined || Number.isInteger(value)
}

function isPageSize (value: unknown): value is number {
  return (PAGE_SIZES as readonly unknown[]).includes(value)
}

function isSize (value: unknown): value is number {
  return Number.isInteger(value)
}

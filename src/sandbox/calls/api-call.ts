import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Answer, quotaExceeded, rateLimited, Refusal, unauthorized } from '../http/answers.ts'
import { prepare } from './deliver.ts'
import { faultAnswer } from '../faults/fault-answers.ts'
import type { View } from '../catalogue/objects.ts'
import { type Query, queryOf, viewOf } from './parameters.ts'
import type { World } from './sandbox.ts'
import type { Fault } from '../settings/settings.ts'
import type { EndpointName } from '../settings/endpoints.ts'
import { spoil } from '../faults/spoil.ts'

const BOMB_BYTES = 30_000_000

/** The parsed call that an endpoint answers. */
export interface ApiCall {
  /** The `:id` parameter of the path. */
  readonly id: string | undefined
  readonly query: Query
  readonly view: View
  /** True when the listing has shifted since the previous page. */
  readonly shifting: boolean
}

export interface Endpoint {
  readonly name: Exclude<EndpointName, 'token'>
  readonly path: string
  /**
   * Returns the true answer, without faults.
   * @throws Refusal
   */
  answer (world: World, call: ApiCall): Answer
}

/** Registers the route of an endpoint: it counts the call, decides on an answer, waits for the latency and sends. */
export function serveEndpoint (app: FastifyInstance, world: World, endpoint: Endpoint): void {
  app.get(endpoint.path, async (request, reply) => {
    const arrivedAtMs = performance.now()
    const record = world.recorder.arrive(endpoint.name)
    const answer = decide(world, endpoint, request)
    const send = prepare(world, record, reply, answer, servedAlbums(endpoint.name, answer))
    await world.delay(arrivedAtMs)
    return send()
  })
}

/** Decides on the answer. Spotify's order of checks is unknown; the rate limit comes first and counts every call. */
function decide (world: World, endpoint: Endpoint, request: FastifyRequest): Answer {
  const limited = world.rateLimit.refuse(world.now())
  if (limited) return rateLimited(limited.retryAfterS === null ? null : String(limited.retryAfterS))
  if (!world.tokens.serve(bearerToken(request))) return unauthorized()
  const spent = world.quota.refuse(endpoint.name, world.now())
  if (spent) return quotaExceeded(String(spent.retryAfterS))
  const answer = truth(world, endpoint, request, false)
  const albumIds = albumsAskedFor(endpoint.name, request)
  const fault = world.faults.strike({ endpoint: endpoint.name, albumIds, hasData: hasData(answer) })
  if (fault === null) return answer
  world.recorder.struck(fault.kind)
  const original = fault.kind === 'shifting' ? truth(world, endpoint, request, true) : answer
  return faultAnswer(fault) ?? spoilt(world, endpoint, request, fault, original)
}

function truth (world: World, endpoint: Endpoint, request: FastifyRequest, shifting: boolean): Answer {
  try {
    const query = queryOf(request)
    const view = viewOf(request, query, world.settings.tier)
    return endpoint.answer(world, { id: pathId(request), query, view, shifting })
  } catch (error) {
    if (error instanceof Refusal) return error.answer
    throw error
  }
}

function hasData (answer: Answer): answer is Answer & { kind: 'json' } {
  return answer.kind === 'json' && answer.status === 200
}

function spoilt (world: World, { name }: Endpoint, request: FastifyRequest, fault: Fault, answer: Answer): Answer {
  if (!hasData(answer)) return answer
  if (fault.kind === 'cut-body') return { kind: 'cut', body: answer.body }
  if (fault.kind === 'gzip-label') return { ...answer, gzip: { label: 'GZIP' } }
  if (fault.kind === 'gzip-bomb') return { ...answer, gzip: { label: 'gzip', paddedBytes: fault.bytes ?? BOMB_BYTES } }
  const view = viewOf(request, queryOf(request), world.settings.tier)
  spoil(fault, { endpoint: name, id: pathId(request), view, catalogue: world.catalogue }, answer.body)
  return answer
}

function bearerToken (request: FastifyRequest): string {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
}

function pathId (request: FastifyRequest): string | undefined {
  return (request.params as { id?: string }).id
}

function albumsAskedFor (endpoint: EndpointName, request: FastifyRequest): string[] {
  if (endpoint === 'albums') return queryOf(request)['ids']?.split(',') ?? []
  return endpoint === 'artistAlbums' ? [] : [pathId(request) ?? '']
}

/** Returns the ids of the albums that the answer contains as full objects. */
function servedAlbums (endpoint: EndpointName, answer: Answer): string[] {
  if (!hasData(answer)) return []
  const body = answer.body as { id?: string, albums?: Array<{ id?: string } | null> }
  const albums = endpoint === 'album' ? [body] : endpoint === 'albums' ? body.albums ?? [] : []
  return albums.flatMap((album) => album?.id ?? [])
}

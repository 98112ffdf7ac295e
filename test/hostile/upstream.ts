import { type IncomingMessage, type ServerResponse, createServer, request as forward } from 'node:http'
import { type AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type Test } from 'tap'
import { type Random, createRandom, hashText, mix } from '../../src/sandbox/random.ts'
import { type SandboxApp } from '../../src/sandbox/app.ts'
import { type AlbumJson, type Json } from '../service.ts'
import { type Answer, type Context, type Delivery, changeAnswer } from './changes.ts'

/** A server between the service and the sandbox that changes some answers, and remembers what was answered to what. */
export interface HostileUpstream {
  url: string
  /** Requests for data, and those for tokens. */
  calls: () => number
  /** Answers that were changed. */
  changed: () => number
  /** Requests that another origin got. */
  foreignRequests: () => number
  /** Every token that was given out. */
  tokens: Set<string>
  /** Albums that were answered for an id, without their tracks. */
  albums: Map<string, Set<string>>
  /** Tracks that were answered for an album's id. */
  tracks: Map<string, Set<string>>
  /** Ids that a listing showed. */
  listed: Set<string>
}

export interface Hostility {
  seed: number
  /** The share of answers that are changed. */
  probability: number
  /** The same for tokens, without which nothing else is asked. */
  tokenProbability: number
}

const STALL_MS = 3000
/** No client may take it, and not even this one can write it again. */
const TOO_DEEP = '['.repeat(500)

async function listen (t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Starts the server; it is gone when the test has ended. */
export async function startHostileUpstream (t: Test, sandbox: SandboxApp, sandboxUrl: string, { seed, probability, tokenProbability }: Hostility): Promise<HostileUpstream> {
  const asked = new Map<string, number>()
  let calls = 0
  let changed = 0
  let foreignRequests = 0
  const foreignUrl = await listen(t, (_request, response) => {
    foreignRequests++
    response.end('{}')
  })
  const known: Pick<HostileUpstream, 'tokens' | 'albums' | 'tracks' | 'listed'> = { tokens: new Set(), albums: new Map(), tracks: new Map(), listed: new Set() }
  const url = await listen(t, (request, response) => {
    calls++
    answerHonestly(request).then((answer) => {
      const path = request.url ?? ''
      const random = randomOf(path)
      const isToken = !path.startsWith('/v1/')
      const isChanged = random() < (isToken ? tokenProbability : probability)
      if (isChanged) changed++
      const delivery: Delivery = isChanged ? changeAnswer(answer, { ...context, random }) : { kind: 'whole', answer }
      remember(known, path, delivery)
      deliver(response, delivery)
    }, () => response.destroy())
  })
  const context: Omit<Context, 'random'> = { apiUrl: `${url}/v1`, foreignUrl, albumIds: sandbox.sandbox.catalogue.searchOrder.slice(0, 60) }

  /** The same for the same request of the same number, in whatever order they come. */
  function randomOf (path: string): Random {
    const count = asked.get(path) ?? 0
    asked.set(path, count + 1)
    return createRandom(mix(seed, hashText(path), count))
  }

  async function answerHonestly (request: IncomingMessage): Promise<Answer> {
    const { 'accept-encoding': _, host: _host, ...headers } = request.headers
    const sent = await buffer(request)
    return await new Promise((resolve, reject) => {
      forward(sandboxUrl + (request.url ?? ''), { method: request.method, headers }, (answer) => {
        buffer(answer).then((body) => {
          const { 'content-length': _length, 'transfer-encoding': _encoding, connection: _connection, 'keep-alive': _alive, ...kept } = answer.headers
          resolve({ status: answer.statusCode ?? 502, headers: kept as Record<string, string>, body: Buffer.from(body.toString().replaceAll(sandboxUrl, url)) })
        }, reject)
      }).on('error', reject).end(sent)
    })
  }

  return { url, calls: () => calls, changed: () => changed, foreignRequests: () => foreignRequests, ...known }
}

/** Writes an answer, whatever HTTP thinks of it. */
function deliver (response: ServerResponse, delivery: Delivery): void {
  const { socket } = response
  if (delivery.kind === 'whole') {
    const { status, headers, body } = delivery.answer
    const isBodiless = [204, 304].includes(status)
    response.writeHead(status, isBodiless ? headers : { ...headers, 'content-length': String(body.length) }).end(isBodiless ? undefined : body)
  } else if (delivery.kind === 'raw') {
    socket?.end(delivery.bytes)
  } else if (delivery.kind === 'reset') {
    socket?.resetAndDestroy()
  } else {
    const timer = setTimeout(() => response.destroy(), STALL_MS)
    response.on('close', () => clearTimeout(timer))
  }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null
const itemsOf = (value: unknown): unknown[] => isObject(value) && Array.isArray(value['items']) ? value['items'] as unknown[] : []

function addTo (map: Map<string, Set<string>>, id: string, value: unknown): void {
  map.set(id, (map.get(id) ?? new Set()).add(JSON.stringify(value)))
}

/** What of an album no further page changes. */
export function headOf ({ tracks: { items: _items, next: _next, ...frame }, ...album }: AlbumJson): object {
  return { ...album, tracks: frame }
}

/** Takes note of what an answer holds. */
function remember ({ tokens, albums, tracks, listed }: Pick<HostileUpstream, 'tokens' | 'albums' | 'tracks' | 'listed'>, path: string, delivery: Delivery): void {
  const value = valueOf(delivery)
  const url = new URL(path, 'http://localhost')
  const ofTracks = /^\/v1\/albums\/(\w+)\/tracks$/.exec(url.pathname)?.[1]
  const asked = /^\/v1\/albums\/(\w+)$/.exec(url.pathname)?.[1]?.split(',') ?? url.searchParams.get('ids')?.split(',') ?? []
  if (ofTracks !== undefined) {
    for (const track of itemsOf(value)) addTo(tracks, ofTracks, track)
  } else if (asked.length > 0) {
    const answered = asked.length === 1 && !isObject((value as Json | null)?.['albums']) ? [value] : isObject(value) && Array.isArray(value['albums']) ? value['albums'] as unknown[] : []
    for (const album of answered) {
      if (!isObject(album) || !asked.includes(String(album['id'])) || !isObject(album['tracks'])) continue
      addTo(albums, String(album['id']), headOf(album as AlbumJson))
      for (const track of itemsOf(album['tracks'])) addTo(tracks, String(album['id']), track)
    }
  } else if (url.pathname.startsWith('/v1/')) {
    for (const album of [...itemsOf(value), ...itemsOf(isObject(value) ? value['albums'] : null)]) if (isObject(album)) listed.add(String(album['id']))
  } else if (isObject(value) && typeof value['access_token'] === 'string' && value['access_token'].length > 20) {
    tokens.add(value['access_token'])
  }
}

/** The JSON of an answer that a client may believe; null where there is none. */
function valueOf (delivery: Delivery): unknown {
  const bytes = delivery.kind === 'raw' ? delivery.text : delivery.kind === 'whole' ? delivery.answer.text ?? delivery.answer.body : Buffer.alloc(0)
  const text = bytes.toString().replace(/^\ufeff/, '')
  if (text.includes(TOO_DEEP)) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'
import { type SandboxApp, buildSandbox } from '../src/sandbox/app.ts'
import { type Random, createRandom, hashText, mix } from '../src/sandbox/catalogue/random.ts'
import type { SandboxSettings } from '../src/sandbox/settings/settings.ts'
import { type Surroundings, changeJson } from './hostile-json.ts'
import { type AnswerRecord, createAnswerRecord } from './hostile-record.ts'
import { type Change, type Reply, BODY_CHANGES, ENCODINGS, FRAMINGS, STATUSES } from './hostile-wire.ts'

/** How the answers of the next run are changed. */
export interface Hostility {
  seed: number
  /** Share of the answers that are changed. */
  probability: number
  /** Whether times may be named that no run waits for. */
  mayPause: boolean
}

/** What stands between the service and the sandbox, and changes what the sandbox answers. */
export interface HostileUpstream {
  url: string
  sandbox: SandboxApp
  begin: (hostility: Hostility) => void
  /** Calls of the API since `begin`, by path. */
  calls: ReadonlyMap<string, number>
  /** Requests for a token since `begin`. */
  tokenRequests: () => number
  /** How often each change was made, since the start. */
  changes: ReadonlyMap<string, number>
  record: AnswerRecord
  /** The client's secret, and tokens that were handed out. */
  secrets: ReadonlySet<string>
  /** Requests to the origin that some answers point to. */
  strayed: readonly string[]
}

const WIRE_CHANGES: ReadonlyArray<Record<string, Change>> = [ENCODINGS, BODY_CHANGES, FRAMINGS, STATUSES, STATUSES]
/** Of the changes, those of the JSON itself. */
const JSON_SHARE = 0.6
const TOKEN_SHARE = 0.5

/** Starts the upstream on a sandbox of its own, until the test has ended. */
export async function startHostileUpstream (t: Test, settings: Partial<SandboxSettings>): Promise<HostileUpstream> {
  const sandbox = buildSandbox(settings, { now: () => performance.now() })
  t.teardown(async () => await sandbox.close())
  await sandbox.ready()
  const { ids } = sandbox.sandbox.catalogue
  const strayed: string[] = []
  const foreign = await listen(t, (request, response) => {
    strayed.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`)
    response.end('{}')
  })
  const calls = new Map<string, number>()
  const changes = new Map<string, number>()
  const record = createAnswerRecord()
  const secrets = new Set<string>([
    sandbox.sandbox.settings.clientSecret,
    Buffer.from(`${sandbox.sandbox.settings.clientId}:${sandbox.sandbox.settings.clientSecret}`).toString('base64'),
  ])
  let hostility: Hostility = { seed: 0, probability: 0, mayPause: false }
  let tokenRequests = 0

  function change (reply: Reply, random: Random, surroundings: Surroundings): Reply {
    const isJson = reply.status === 200 && random() < JSON_SHARE
    if (isJson) {
      const { text, names } = changeJson(reply.body.toString(), surroundings)
      for (const name of names) count(changes, name)
      return { ...reply, body: Buffer.from(text) }
    }
    const table = among(random, WIRE_CHANGES)
    const name = among(random, Object.keys(table))
    count(changes, name)
    return table[name]?.(reply, surroundings) ?? reply
  }

  async function answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    const isToken = path.startsWith('/api/token')
    const nth = isToken ? tokenRequests++ : count(calls, path) - 1
    const { authorization = '', host = '' } = request.headers
    const reply = await ask(sandbox, request)
    const { seed, probability, mayPause } = hostility
    const random = createRandom(mix(seed, hashText(path), nth))
    const isChanged = random() < (isToken ? probability * TOKEN_SHARE : probability)
    const surroundings: Surroundings = { random, self: `http://${host}`, foreign, path, ids, authorization, mayPause }
    const sent = isChanged ? change(reply, random, surroundings) : reply
    if (isChanged) count(changes, isToken ? 'of a token' : 'of an answer')
    if (isToken) noteTokens(sent.body.toString(), secrets)
    else record.note(path, sent)
    await send(sent, response)
  }

  const url = await listen(t, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      t.fail(`the hostile upstream failed at ${request.url}`, { error })
    })
  })
  return {
    url,
    sandbox,
    begin (next) {
      hostility = next
      calls.clear()
      tokenRequests = 0
    },
    calls,
    tokenRequests: () => tokenRequests,
    changes,
    record,
    secrets,
    strayed,
  }
}

const among = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

function count (counts: Map<string, number>, name: string): number {
  const next = (counts.get(name) ?? 0) + 1
  counts.set(name, next)
  return next
}

async function listen (
  t: Test,
  handler: (request: IncomingMessage, response: ServerResponse) => void
): Promise<string> {
  const server = createServer(handler)
  server.on('clientError', (_error, socket) => { socket.destroy() })
  server.on('connection', (socket: Socket) => { socket.on('error', () => {}) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What the sandbox answers, uncompressed. */
async function ask (sandbox: SandboxApp, request: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { 'accept-encoding': _, ...headers } = request.headers
  const {
    statusCode,
    headers: answered,
    rawPayload,
  } = await sandbox.inject({
    method: request.method as 'GET',
    url: request.url ?? '',
    headers,
    payload: Buffer.concat(chunks),
  })
  return { status: statusCode, headers: [['content-type', String(answered['content-type'])]], body: rawPayload }
}

/** A token that was changed into an ordinary text is no secret. */
function noteTokens (text: string, secrets: Set<string>): void {
  for (const [, token = ''] of text.matchAll(/"access_token":"([\w-]{40,300})"/g)) secrets.add(token)
}

const isOrdinary = ({ status, headers }: Reply): boolean =>
  status >= 200 && headers.every(([, value]) => /^[\t\x20-\x7e]*$/.test(value))

async function send (reply: Reply, response: ServerResponse): Promise<void> {
  const { status, headers, body, wire } = reply
  if (wire === undefined && isOrdinary(reply)) {
    response.writeHead(status, headers.flat()).end(body)
    return
  }
  const head = `HTTP/1.1 ${status} Any\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`
  const socket = response.socket
  if (socket === null) return
  await (wire ?? whole)(socket, head, body)
}

const whole: NonNullable<Reply['wire']> = (socket, head, body) => {
  socket.end(Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`, 'latin1'), body]))
}

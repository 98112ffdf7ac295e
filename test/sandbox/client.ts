import { Agent, request } from 'undici'
import type { Test } from 'tap'
import { buildSandbox, type SandboxApp, type SandboxOptions } from '../../src/sandbox/app.ts'
import type { Album, Page, SimplifiedAlbum, Track, View } from '../../src/sandbox/catalogue/objects.ts'
import type { SandboxSettings } from '../../src/sandbox/settings/settings.ts'

/** Bodies as the tests read them. That the sandbox keeps to them is what they check. */
export interface Albums { albums: Page<SimplifiedAlbum> }
export interface Batch { albums: Array<Album | null> }
export type ArtistPage = Page<SimplifiedAlbum>
export type TrackPage = Page<Track>

export interface Reply<Body> {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** The parsed text; undefined where it is no JSON. */
  body: Body
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Client {
  readonly app: SandboxApp
  readonly origin: string
  readonly token: string
  /** How the catalogue looks to this client. */
  readonly view: View
  /** Calls a path under /v1, or a whole URL. */
  get<Body = unknown>(target: string | null, headers?: Record<string, string>): Promise<Reply<Body>>
  send<Body = unknown>(
    method: Method,
    path: string,
    body?: string,
    headers?: Record<string, string>
  ): Promise<Reply<Body>>
}

export const BASIC = `Basic ${Buffer.from('sandbox-id:sandbox-secret').toString('base64')}`
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
export const UNKNOWN_ID = '0'.repeat(22)

/** A sandbox on a free port of the loopback with a token for it; both ends are closed with the test. */
export async function startClient (
  t: Test,
  settings: Partial<SandboxSettings> = {},
  options: SandboxOptions = {}
): Promise<Client> {
  const app = buildSandbox(settings, options)
  const dispatcher = new Agent()
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    await dispatcher.destroy()
    await app.close()
  })

  async function call<Body> (
    method: Method,
    url: string,
    headers: Record<string, string>,
    body: string | null
  ): Promise<Reply<Body>> {
    const answer = await request(url, { method, headers, body, dispatcher })
    const text = await answer.body.text()
    return { status: answer.statusCode, headers: answer.headers, text, body: parsed(text) as Body }
  }
  const send: Client['send'] = (method, path, body, headers = {}) => call(method, origin + path, headers, body ?? null)
  const token = settings.faults?.some(({ endpoint }) => endpoint === 'token') ? '' : await fetchToken(send)
  return {
    app,
    origin,
    token,
    get view () { return { apiUrl: `${origin}/v1`, tier: app.sandbox.settings.tier, market: null, locale: '*' } },
    send,
    get: (target, headers = {}) => {
      const url = target?.startsWith('http') ? target : `${origin}/v1${target}`
      return call('GET', url, { authorization: `Bearer ${token}`, ...headers }, null)
    },
  }
}

export async function fetchToken (send: Client['send']): Promise<string> {
  const { body } = await send<{ access_token: string }>('POST', '/api/token', 'grant_type=client_credentials', {
    ...FORM,
    authorization: BASIC,
  })
  return body.access_token
}

/** Pages of a listing from a first path along `next` to its end. */
export async function pages<Body, Item> (
  client: Client,
  path: string,
  pageOf: (body: Body) => Page<Item>
): Promise<Array<Page<Item>>> {
  const found: Array<Page<Item>> = []
  for (let next: string | null = path; next !== null; next = found.at(-1)?.next ?? null) {
    found.push(pageOf((await client.get<Body>(next)).body))
  }
  return found
}

export function idsOf (page: Page<{ id: string } | null>): Array<string | undefined> {
  return page.items.map((item) => item?.id)
}

/** A clock that stands until it is moved. */
export function handClock (): { now: () => number, pass (ms: number): void } {
  let time = 1000
  return { now: () => time, pass (ms) { time += ms } }
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

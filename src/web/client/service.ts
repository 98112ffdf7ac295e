import type { Run } from '../../schemas/run.ts'

/** An answer takes at most so long; after that the connection counts as lost. */
const TIMEOUT_MS = 4000
/** What is made of a whole document may take longer, and no number waits for it. */
const DOCUMENT_TIMEOUT_MS = 60_000
/** The run is not there any more. */
const GONE = [404, 410]

const base = document.body.dataset['base']?.replace(/\/$/, '') ?? ''

/** Returns the address of this page; a form that was refused is shown under the one that it was sent to. */
export function pageUrl (): string {
  return location.pathname.startsWith(`${base}/ui/actions/`) ? `${base}/` : location.href
}

export const eventsUrl = (id: string): string => `${base}/runs/${encodeURIComponent(id)}/events`

/** An answer of the service that is not the one asked for. */
export class Refusal extends Error {
  readonly status: number

  constructor (status: number) {
    super(`the service answered ${status}`)
    this.status = status
  }
}

export async function getRun (id: string): Promise<Run> {
  return await (await get(`${base}/runs/${encodeURIComponent(id)}/status`, 'application/json')).json() as Run
}

/** Gets the runs that have not ended, the newest 100 of them. */
export async function listActiveRuns (): Promise<Run[]> {
  const answer = await get(`${base}/runs?status=queued,running,paused&limit=100`, 'application/json')
  return (await answer.json() as { runs: Run[] }).runs
}

/** Gets what is made of a run's document. */
export async function getMadeJson (url: string): Promise<unknown> {
  return await (await get(url, 'application/json', DOCUMENT_TIMEOUT_MS)).json()
}

/** Gets a page that is made of a run's document. */
export async function getMadePage (url: string): Promise<Document> {
  return await parsed(await get(url, 'text/html', DOCUMENT_TIMEOUT_MS))
}

/** Gets a page of the service as it is now; where what it showed is gone, the page that says so. */
export async function getPage (url: string): Promise<Document> {
  const answer = await ask(url, 'text/html', TIMEOUT_MS)
  if (!answer.ok && !GONE.includes(answer.status)) throw new Refusal(answer.status)
  return await parsed(answer)
}

/** A parsed document runs no script; the service has escaped all data in it. */
async function parsed (answer: Response): Promise<Document> {
  return new DOMParser().parseFromString(await answer.text(), 'text/html')
}

export function isGone (reason: unknown): boolean {
  return reason instanceof Refusal && GONE.includes(reason.status)
}

async function get (url: string, accept: string, timeoutMs = TIMEOUT_MS): Promise<Response> {
  const answer = await ask(url, accept, timeoutMs)
  if (!answer.ok) throw new Refusal(answer.status)
  return answer
}

async function ask (url: string, accept: string, timeoutMs: number): Promise<Response> {
  return await fetch(url, { headers: { accept }, cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) })
}

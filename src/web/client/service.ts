import type { Run } from '../../schemas/run.ts'

/** An answer takes at most so long; after that the connection counts as lost. */
const TIMEOUT_MS = 4000

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

export async function getJson (url: string): Promise<unknown> {
  return await (await get(url, 'application/json')).json()
}

/** Gets a page of the service. A parsed document runs no script; the service has escaped all data in it. */
export async function getPage (url: string): Promise<Document> {
  return new DOMParser().parseFromString(await (await get(url, 'text/html')).text(), 'text/html')
}

async function get (url: string, accept: string): Promise<Response> {
  const answer = await fetch(url, { headers: { accept }, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!answer.ok) throw new Refusal(answer.status)
  return answer
}

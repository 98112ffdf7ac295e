// 100 new albums with every track, by this service.

interface Gap { albumId: string | null, code: string, detail: string }
interface Failure { code: string, detail: string }
interface Run { id: string, status: string, finishedAt: string | null, error: Failure | null, gaps: Gap[] }
export interface Album { id: string, name: string, tracks: { items: Array<{ id: string, name: string }> } }
export interface Document extends Run { albums: Album[] }

async function call<Body> (url: string, init: RequestInit = {}): Promise<Body> {
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return await response.json() as Body
}

/** Starts the run of that key, or finds it: sent twice, the key gives the same run. */
async function startRun (url: string, key: string): Promise<Run> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  return await call(`${url}/ingest`, { method: 'POST', headers, body: JSON.stringify({ limit: 100 }) })
}

async function untilEnded (url: string, run: Run): Promise<Run> {
  while (run.finishedAt === null) run = await call<Run>(`${url}/runs/${run.id}/status?wait=60`)
  return run
}

/** Returns the document. What is missing from it is in `gaps`, and `status` is then `partial`. */
export async function newAlbums (url: string, key: string): Promise<Document> {
  const run = await untilEnded(url, await startRun(url, key))
  if (run.error !== null) throw new Error(`${run.status}: ${run.error.code}: ${run.error.detail}`)
  return await call(`${url}/runs/${run.id}`)
}

export function describeGaps ({ gaps }: Document): string[] {
  return gaps.map(({ albumId, code, detail }) => `missing: ${albumId ?? 'part of the listing'} (${code}: ${detail})`)
}

import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './api.d.ts'

export type Run = components['schemas']['Run']
export type IngestBody = components['schemas']['IngestBody']
export type Document = components['schemas']['Document']
export type Problem = components['schemas']['Problem']

/** The service refused, and said why. */
export class Refused extends Error {
  readonly problem: Problem

  constructor (problem: Problem) {
    super(`${problem.code}: ${problem.detail}`)
    this.name = 'Refused'
    this.problem = problem
  }
}

/** A client of every route; each path, query, header and body is checked against the OpenAPI document by the compiler. */
export function connect (baseUrl: string, apiKey?: string): Client<paths> {
  return createClient<paths>({ baseUrl, headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` } })
}

/**
 * Start a run, wait for its end and get its document. Sent again with the same key, after a lost connection say, it
 * gives the same run.
 */
export async function ingest (client: Client<paths>, body: IngestBody, key: string, signal?: AbortSignal): Promise<Document> {
  const options = signal === undefined ? {} : { signal }
  const { id } = orThrow(await client.POST('/ingest', { body, params: { header: { 'idempotency-key': key } }, ...options })) as Run
  for (;;) {
    const run = orThrow(await client.GET('/runs/{id}/status', { params: { path: { id }, query: { wait: 60 } }, ...options }))
    if (run.finishedAt !== null) return orThrow(await client.GET('/runs/{id}', { params: { path: { id } }, ...options })) as Document
  }
}

function orThrow<T> ({ data, error }: { data?: T, error?: unknown }): T {
  if (data === undefined) throw new Refused(error as Problem)
  return data
}

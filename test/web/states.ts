import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Run } from '../../src/schemas/run.ts'
import { startPostgresql } from '../postgresql.ts'
import { type Service, type ServiceOptions, ended, replicaEnvironment, startService } from '../service.ts'

/** Where a browser finds a state, and until when it stays there. */
export interface Place {
  service: Service
  path: string
}

/** A state that the page shows. */
export interface State {
  name: string
  /** Null where this machine cannot reach it. */
  reach: (t: Test) => Promise<Place | null>
  /** What a person does there first. */
  act?: (page: Page) => Promise<void>
  /** What a person reads there: what happened, and what to do next. */
  says: RegExp[]
}

export const KEY = 'a-key-of-the-page-0123456789'
/** Calls in 30 s after which a run of more albums waits for its pace. */
const FEW_CALLS = '12'
/** One call at a time, and each takes long enough to be watched. */
const SLOW = { sandbox: { latencyMs: 250 }, env: { SPOTIFY_MAX_CONCURRENCY: '1' } }

export const STATES: readonly State[] = [
  { name: 'home-empty', reach: async (t) => ({ service: await startService(t), path: '/' }), says: [/start/i, /no runs?/i] },
  { name: 'home', reach: reachHome, says: [/running/, /partial/, /succeeded/, /Resume all/i] },
  { name: 'form-wrong', reach: async (t) => ({ service: await startService(t), path: '/' }), act: sendWrongForm, says: [/The run was not started/, /1,?000/] },
  { name: 'run-running', reach: async (t) => await reachRun(t, { ...SLOW, until: ({ progress }) => progress.albumsFetched >= 12 }), says: [/Running/, /goes on when you close/] },
  { name: 'run-pace', reach: async (t) => await reachRun(t, { env: { SPOTIFY_CALLS_PER_30S: FEW_CALLS }, until: ({ waiting }) => waiting?.for === 'pace' }), says: [/Keeps the pace: 12 of 12 calls in 30 s/] },
  { name: 'run-retry', reach: async (t) => await reachRun(t, { sandbox: { faults: [{ kind: 'server-error-html', endpoint: 'album', skip: 8 }] }, dependencies: { retryBaseMs: 30_000, random: () => 0.99 }, until: ({ waiting }) => waiting?.for === 'retry' }), says: [/Tries again after a fault: attempt 2 of 5/] },
  { name: 'run-queued', reach: reachQueued, says: [/Queued/, /1 run before it/, /starts by itself/] },
  { name: 'run-paused', reach: async (t) => await reachRun(t, { sandbox: { faults: [{ kind: 'quota', endpoint: 'album', skip: 15 }] }, until: ({ status }) => status === 'paused' }), says: [/Paused/, /What next/, /goes on by itself at/] },
  { name: 'run-succeeded', reach: async (t) => await reachRun(t, { until: isEnded }), says: [/Succeeded/, /every track/, /Download/] },
  { name: 'run-partial', reach: reachPartial, says: [/Partial/, /What next/, /Resume/, /album_unavailable/] },
  { name: 'run-capped', reach: async (t) => await reachRun(t, { sandbox: { tier: 'extended', albums: 1520 }, env: { MAX_ALBUMS_PER_RUN: '1500' }, body: { source: 'search', limit: 1500 }, until: isEnded }), says: [/search shows no more/, /smaller portions/] },
  { name: 'run-failed', reach: async (t) => await reachRun(t, { sandbox: { faults: [{ kind: 'premium' }] }, until: isEnded }), says: [/Failed/, /What next/, /Premium/] },
  { name: 'run-canceled', reach: reachCanceled, says: [/Canceled/, /What next/, /Resume/] },
  { name: 'releases', reach: async (t) => ({ ...await reachRun(t, { until: isEnded }), path: '/ui/releases' }), says: [/Releases/] },
  { name: 'releases-empty', reach: async (t) => ({ service: await startService(t), path: '/ui/releases' }), says: [/No release has been documented yet/, /What next/] },
  { name: 'login', reach: async (t) => ({ service: await startService(t, { env: { API_KEYS: KEY } }), path: '/' }), says: [/key/i] },
  { name: 'run-unknown', reach: async (t) => ({ service: await startService(t), path: '/ui/runs/01a203d5-29b8-7587-a80e-df4d1d6e4fbc' }), says: [/no run|not found|unknown/i] },
  { name: 'unreachable', reach: reachUnreachable, says: [/database/i, /What next|try again/i] },
]

async function sendWrongForm (page: Page): Promise<void> {
  await page.locator('input[name="limit"]').fill('99999')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.getByRole('alert').waitFor()
}

const isEnded = ({ finishedAt }: Run): boolean => finishedAt !== null

interface Journey extends ServiceOptions {
  body?: object
  until: (run: Run) => boolean
}

/** Starts a service and a run on it, and waits until the run is as it should be. */
async function reachRun (t: Test, { body = { limit: 30 }, until, ...options }: Journey): Promise<Place> {
  const service = await startService(t, { ...options, sandbox: { tier: 'development', ...options.sandbox } })
  const { id } = await service.app.runs.start(body)
  await untilRun(service, id, until)
  return { service, path: `/ui/runs/${id}` }
}

/** Resolves as soon as the run is so. */
export async function untilRun ({ app }: Service, id: string, is: (run: Run) => boolean): Promise<Run> {
  return await new Promise((resolve, reject) => {
    const look = (run: Run): void => {
      if (!is(run)) return
      unwatch()
      resolve(run)
    }
    const unwatch = app.runs.watch(id, look)
    app.runs.get(id).then(look, reject)
  })
}

/** Some runs of each kind, and one that is executed. */
async function reachHome (t: Test): Promise<Place> {
  const { service } = await reachPartial(t)
  service.sandbox.sandbox.change({ faults: [{ kind: 'premium' }] })
  await service.ingest({ limit: 26, refresh: true })
  service.sandbox.sandbox.change({ faults: [], latencyMs: 250 })
  const { id } = await service.app.runs.start({ limit: 60, refresh: true })
  await service.app.runs.start({ source: 'search', query: 'tag:new genre:jazz', limit: 20 })
  await untilRun(service, id, ({ progress }) => progress.albumsFetched >= 5)
  return { service, path: '/' }
}

/** Spotify had all albums yesterday, and has lost three of them. */
export async function reachPartial (t: Test): Promise<Place> {
  const service = await startService(t, { env: { SPOTIFY_MAX_CONCURRENCY: '1' }, sandbox: { tier: 'development' } })
  const { albums } = await service.document((await service.ingest({ limit: 30 })).id)
  const lost = albums.slice(4, 7)
  service.sandbox.sandbox.change({ faults: lost.map(({ id }) => ({ kind: 'not-found', endpoint: 'album', albumId: id })) })
  const { id } = await service.ingest({ limit: 30, refresh: true })
  return { service, path: `/ui/runs/${id}` }
}

async function reachQueued (t: Test): Promise<Place> {
  const { service } = await reachRun(t, { env: { SPOTIFY_CALLS_PER_30S: FEW_CALLS }, until: ({ waiting }) => waiting?.for === 'pace' })
  const { id } = await service.app.runs.start({ limit: 29 })
  return { service, path: `/ui/runs/${id}` }
}

async function reachCanceled (t: Test): Promise<Place> {
  const { service, path } = await reachRun(t, { env: { SPOTIFY_CALLS_PER_30S: FEW_CALLS }, until: ({ waiting }) => waiting?.for === 'pace' })
  const id = path.split('/').at(-1) ?? ''
  await service.app.runs.cancel(id)
  await ended(service.app, id)
  return { service, path }
}

async function reachUnreachable (t: Test): Promise<Place | null> {
  const server = await startPostgresql(t)
  if (server === null) return null
  const service = await startService(t, { sandbox: { tier: 'development' }, env: replicaEnvironment(server) })
  await server.kill()
  return { service, path: '/' }
}

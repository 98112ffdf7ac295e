import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Run } from '../../src/schemas/run.ts'
import { completeRequest } from '../../src/services/runs/request.ts'
import { newRecord } from '../../src/services/runs/transitions.ts'
import { newRow } from '../../src/services/store/run-row.ts'
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
const KEYS = { API_KEYS: KEY }
/** Calls in 30 s after which a run of more albums waits for its pace. */
const FEW_CALLS = '12'
/** One call at a time, and each takes long enough to be watched. */
const SLOW = { sandbox: { latencyMs: 250 }, env: { SPOTIFY_MAX_CONCURRENCY: '1' } }

const PACE_OF_FEW = { env: { SPOTIFY_CALLS_PER_30S: FEW_CALLS } }
const QUOTA: ServiceOptions = { sandbox: { faults: [{ kind: 'quota', endpoint: 'album', skip: 15 }] } }
const UNKNOWN_ID = '01a203d5-29b8-7587-a80e-df4d1d6e4fbc'
/** Before the first run of any service. */
const OLDEST_ID = '00000000-0000-7000-8000-000000000000'

const isEnded = ({ finishedAt }: Run): boolean => finishedAt !== null
const isPaused = ({ status }: Run): boolean => status === 'paused'
const isPaced = ({ waiting }: Run): boolean => waiting?.for === 'pace'

export const STATES: readonly State[] = [
  { name: 'home-empty', reach: reachNothing('/'), says: [/start/i, /no runs?/i] },
  { name: 'home', reach: reachHome, says: [/running/, /partial/, /succeeded/, /Resume all/i] },
  { name: 'home-filtered-empty', reach: reachNothing('/?status=failed'), says: [/No run is failed/] },
  { name: 'home-no-older', reach: reachNothing(`/?cursor=${OLDEST_ID}`), says: [/no older runs/, /Newest/] },
  {
    name: 'home-paused',
    reach: async (t) => at('/', await reachRun(t, { ...QUOTA, until: isPaused })),
    says: [/Spotify has paused this service/, /go on by themselves/],
  },
  { name: 'home-curl', reach: reachNothing('/?curl=1&source=search&query=x'), says: [/curl -X POST/] },
  { name: 'form-wrong', reach: reachNothing('/'), act: sendWrongForm, says: [/The run was not started/, /1,?000/] },
  {
    name: 'run-running',
    reach: async (t) => await reachRun(t, { ...SLOW, until: ({ progress }) => progress.albumsFetched >= 12 }),
    says: [/Running/, /goes on when you close/],
  },
  {
    name: 'run-pace',
    reach: async (t) => await reachRun(t, { ...PACE_OF_FEW, until: isPaced }),
    says: [/Keeps the pace: 12 of 12 calls in 30 s/],
  },
  { name: 'run-retry', reach: reachRetry, says: [/Tries again after a fault: attempt 2 of 5/] },
  { name: 'run-queued', reach: reachQueued, says: [/Queued/, /1 run before it/, /starts by itself/] },
  {
    name: 'run-paused',
    reach: async (t) => await reachRun(t, { ...QUOTA, until: isPaused }),
    says: [/Paused/, /What next/, /goes on by itself at/],
  },
  {
    name: 'run-succeeded',
    reach: async (t) => await reachRun(t, { until: isEnded }),
    says: [/Succeeded/, /every track/, /Download/],
  },
  { name: 'run-partial', reach: reachPartial, says: [/Partial/, /What next/, /Resume/, /album_unavailable/] },
  { name: 'run-many-gaps', reach: reachManyGaps, says: [/300 gaps/, /The first 100 of 300 gaps/] },
  {
    name: 'run-capped',
    reach: reachCapped,
    says: [/search shows no more/, /smaller portions/, /The first 60 of 1,000/],
  },
  {
    name: 'run-failed',
    reach: async (t) => await reachRun(t, { sandbox: { faults: [{ kind: 'premium' }] }, until: isEnded }),
    says: [/Failed/, /What next/, /Premium/],
  },
  {
    name: 'run-without-albums',
    reach: async (t) => await reachRun(t, { sandbox: { albums: 0 }, until: isEnded }),
    says: [/Failed/, /Nothing matches/, /Change the query/],
  },
  { name: 'run-canceled', reach: reachCanceled, says: [/Canceled/, /What next/, /Resume/] },
  {
    name: 'run-covers',
    reach: async (t) => below('covers', await reachRun(t, { until: isEnded })),
    says: [/Covers/, /of the run/],
  },
  {
    name: 'run-plots',
    reach: async (t) => below('plots', await reachRun(t, { until: isEnded })),
    says: [/Albums by release date/, /Calls and waits over time/, /Waited for the pace/],
  },
  { name: 'run-changes', reach: reachChanges, says: [/Compared with/, /Delisted: listed then and not now/] },
  { name: 'run-unchanged', reach: reachUnchanged, says: [/Compared with/, /Nothing has changed/] },
  { name: 'run-compared', reach: reachCompared, says: [/Compared with/, /What has changed/] },
  {
    name: 'run-delete',
    reach: async (t) => below('delete', await reachRun(t, { until: isEnded })),
    says: [/Delete this run\?/, /gone for good/, /Keep it/],
  },
  {
    name: 'run-delete-active',
    reach: async (t) => below('delete', await reachRun(t, { ...PACE_OF_FEW, until: isPaced })),
    says: [/It is running: cancel it first/, /Back to the run/],
  },
  {
    name: 'run-deleted',
    reach: async (t) => below('delete', await reachRun(t, { until: isEnded })),
    act: press('Delete the run', 'The run and its file are deleted'),
    says: [/The run and its file are deleted/, /There is no run yet/],
  },
  { name: 'action-refused', reach: reachCanceled, act: cancelAgain, says: [/The run has ended already/, /What next/] },
  {
    name: 'releases',
    reach: async (t) => at('/ui/releases', await reachRun(t, { until: isEnded })),
    says: [/Releases/],
  },
  {
    name: 'releases-empty',
    reach: reachNothing('/ui/releases'),
    says: [/No release has been documented yet/, /What next/],
  },
  { name: 'login', reach: reachNothing('/', KEYS), says: [/key/i] },
  {
    name: 'login-wrong',
    reach: reachNothing('/', KEYS),
    act: async (page) => await logIn(page, 'another key', 'This is not one of the keys'),
    says: [/This is not one of the keys/],
  },
  {
    name: 'logged-in',
    reach: reachNothing('/', KEYS),
    act: async (page) => await logIn(page, KEY, 'There is no run yet'),
    says: [/Log out/, /There is no run yet/],
  },
  { name: 'logged-out', reach: reachNothing('/', KEYS), act: logInAndOut, says: [/Log in/] },
  { name: 'run-unknown', reach: reachNothing(`/ui/runs/${UNKNOWN_ID}`), says: [/no run|not found|unknown/i] },
  { name: 'page-unknown', reach: reachNothing('/ui/nothing'), says: [/There is no such page/, /What next/] },
  { name: 'internal-error', reach: reachInternalError, says: [/unexpected error/, /What next/, /requestId/] },
  { name: 'unreachable', reach: reachUnreachable, says: [/database/i, /What next|try again/i] },
]

function reachNothing (path: string, env: Record<string, string> = {}): State['reach'] {
  return async (t) => ({ service: await startService(t, { env }), path })
}

function at (path: string, { service }: Place): Place {
  return { service, path }
}

function below (part: string, { service, path }: Place): Place {
  return { service, path: `${path}/${part}` }
}

function press (button: string, until: string): (page: Page) => Promise<void> {
  return async (page) => {
    await page.getByRole('button', { name: button }).click()
    await page.getByText(until).waitFor()
  }
}

async function logIn (page: Page, key: string, until: string): Promise<void> {
  await page.getByLabel('Key').fill(key)
  await page.getByLabel('Key').press('Enter')
  await page.getByText(until).waitFor()
}

async function logInAndOut (page: Page): Promise<void> {
  await logIn(page, KEY, 'There is no run yet')
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('Key').waitFor()
}

/** What a second tab does that still shows the run as it was. */
async function cancelAgain (page: Page): Promise<void> {
  await page.evaluate(`
    document.querySelector('form[action$="/again"]').action = location.href.replace('/ui/', '/ui/actions/') + '/cancel'
  `)
  await press('Run again', 'The run has ended already')(page)
}

async function sendWrongForm (page: Page): Promise<void> {
  await page.locator('input[name="limit"]').fill('99999')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.getByRole('alert').waitFor()
}

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

/** Waits for half a minute before it tries again. */
async function reachRetry (t: Test): Promise<Place> {
  return await reachRun(t, {
    sandbox: { faults: [{ kind: 'server-error-html', endpoint: 'album', skip: 8 }] },
    dependencies: { retryBaseMs: 30_000, random: () => 0.99 },
    until: ({ waiting }) => waiting?.for === 'retry',
  })
}

async function reachCapped (t: Test): Promise<Place> {
  return await reachRun(t, {
    sandbox: { tier: 'extended', albums: 1520 },
    env: { MAX_ALBUMS_PER_RUN: '1500' },
    body: { source: 'search', limit: 1500 },
    until: isEnded,
  })
}

/** A run that lacks 300 albums, whose names are markup; put where runs are stored, as it would take long to make it. */
async function reachManyGaps (t: Test): Promise<Place> {
  const service = await startService(t)
  const record = newRecord(UNKNOWN_ID, completeRequest({ limit: 400 }, 1000), Date.now())
  const time = new Date().toISOString()
  const gaps = Array.from({ length: 300 }, (_, n): Run['gaps'][number] => ({
    albumId: String(n).padStart(22, 'a'),
    name: `<b>Album</b> ${n} ${'of a long name '.repeat(n % 5)}`,
    code: n % 2 === 0 ? 'album_unavailable' : 'tracks_incomplete',
    detail: 'the album answered 404 with "Resource not found" (3 times)',
    expectedTracks: n % 2 === 0 ? null : 12,
    tracks: 2,
  }))
  const run = { ...record.run, status: 'partial' as const, startedAt: time, finishedAt: time, gaps }
  await service.app.engine.database.transaction({ lock: null, isDurable: false }, async (within) => {
    await within.insertInto('runs').values(newRow({ ...record, run })).execute()
  })
  return { service, path: `/ui/runs/${UNKNOWN_ID}` }
}

/** Two equal runs, and what is read of the first before the second begins. */
async function reachSecond (t: Test, between: (service: Service) => void): Promise<Place> {
  const service = await startService(t, { sandbox: { albums: 30 } })
  await service.ingest({ source: 'search', limit: 100 })
  between(service)
  const { id } = await service.ingest({ source: 'search', limit: 100 })
  return { service, path: `/ui/runs/${id}` }
}

async function reachChanges (t: Test): Promise<Place> {
  return below('changes', await reachSecond(t, ({ sandbox }) => { sandbox.sandbox.change({ albums: 20 }) }))
}

async function reachUnchanged (t: Test): Promise<Place> {
  return below('changes', await reachSecond(t, () => {}))
}

/** Once two documents were compared, the page of the run has what has changed. */
async function reachCompared (t: Test): Promise<Place> {
  const place = await reachSecond(t, ({ sandbox }) => { sandbox.sandbox.change({ albums: 20 }) })
  await (await place.service.get(`${place.path}/changes`)).body.dump()
  return place
}

async function reachInternalError (t: Test): Promise<Place> {
  const service = await startService(t)
  service.app.runs.list = async () => { throw new Error('a fault of the service') }
  return { service, path: '/' }
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
  service.sandbox.sandbox.change({
    faults: lost.map(({ id }) => ({ kind: 'not-found', endpoint: 'album', albumId: id })),
  })
  const { id } = await service.ingest({ limit: 30, refresh: true })
  return { service, path: `/ui/runs/${id}` }
}

async function reachQueued (t: Test): Promise<Place> {
  const { service } = await reachRun(t, { ...PACE_OF_FEW, until: isPaced })
  const { id } = await service.app.runs.start({ limit: 29 })
  return { service, path: `/ui/runs/${id}` }
}

async function reachCanceled (t: Test): Promise<Place> {
  const { service, path } = await reachRun(t, { ...PACE_OF_FEW, until: isPaced })
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

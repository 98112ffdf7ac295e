import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { buildApp } from '../../src/app.ts'
import type { Run } from '../../src/schemas/run.ts'
import { type Document, type Service, ended, environment, startService } from '../service.ts'
import { type DagEvent, type OnEvent, type Played, playDag } from './play.ts'

const skip = spawnSync('python3', ['--version']).error !== undefined && 'python3 is not installed'

const SKIPPED_RESUME = { resume: 'skipped', ready_again: 'skipped', outcome_again: 'skipped', choose_again: 'skipped' }
const FAIL_IN_ALERT = /^album_releases_de scheduled__2026-11-30T06:00:00\+01:00: /

async function runs (service: Service): Promise<Run[]> {
  return (await (await service.get('/runs')).body.json() as { runs: Run[] }).runs
}

/** While the sensor waits, its run ends or pauses. */
function whileItWaits (service: Service): OnEvent {
  let id = ''
  return async (event) => {
    if (event.event === 'success' && event.task === 'start') id = String(event.xcom)
    if (event.event === 'not yet') await ended(service.app, id)
  }
}

function answers (events: readonly DagEvent[], method: string, path: RegExp): number[] {
  return events.flatMap((event) =>
    event.event === 'answer' && event.method === method && path.test(event.path) ? [event.status] : []
  )
}

async function checkFiles (t: Test, { end }: Played, run: Run): Promise<void> {
  const folder = String(end.xcoms['store'])
  t.match(folder, new RegExp(`/market=DE/run=${run.id}$`))
  t.strictSame((await readdir(folder)).sort(), [
    'album_artists.parquet',
    'albums.parquet',
    'artists.parquet',
    'document.json',
    'track_artists.parquet',
    'tracks.parquet',
  ])
  const bytes = await readFile(`${folder}/document.json`)
  t.equal(createHash('sha256').update(bytes).digest('hex'), run.file?.sha256)
  t.equal((JSON.parse(bytes.toString()) as Document).albums.length, 12)
  for (const name of await readdir(folder)) {
    if (name.endsWith('.parquet')) {
      t.equal((await readFile(`${folder}/${name}`)).subarray(0, 4).toString(), 'PAR1', name)
    }
  }
  t.strictSame(end.xcoms['count'], { albums: 12, tracks: run.progress.tracks })
}

t.test('the DAG of examples/airflow, played against the service', { skip }, async (t) => {
  t.test('success: the document and its tables are in files, and XCom has only their folder', async (t) => {
    const service = await startService(t, { sandbox: { latencyMs: 10 }, env: { API_KEYS: 'secret' } })
    const headers = { 'X-API-Key': 'secret' }
    const played = await playDag(t, { url: service.url, headers, onEvent: whileItWaits(service) })
    t.match(played.end, {
      state: 'success',
      tasks: { start: 'success', store: 'success', count: 'success', reject: 'skipped', ...SKIPPED_RESUME },
    })
    const { runs: [run] } = await (await request(`${service.url}/runs`, { headers })).body.json() as { runs: [Run] }
    t.match(run, { status: 'succeeded', request: { market: 'DE', limit: 12 } })
    await checkFiles(t, played, run)
    t.ok(played.largestXcomBytes < 1000, `${played.largestXcomBytes} bytes`)
    t.ok(answers(played.events, 'GET', /\/ready/).filter((status) => status === 404).length > 0, 'it had to wait')
    t.strictSame(played.alerts, [])
  })

  t.test('a POST whose answer is lost is sent again, and gives the same run; so does a cleared DAG run', async (t) => {
    const service = await startService(t, { sandbox: { latencyMs: 5 } })
    const wait = whileItWaits(service)
    let losses = 0
    const lose: OnEvent = async (event) =>
      event.event === 'answer' && event.method === 'POST' && losses++ < 2 ? 'lose' : await wait(event)
    const played = await playDag(t, { url: service.url, onEvent: lose })
    t.equal(played.end.state, 'success')
    t.strictSame(answers(played.events, 'POST', /^\/ingest$/), [202, 202, 202])
    const cleared = await playDag(t, { url: service.url })
    t.equal(cleared.end.state, 'success')
    t.equal(cleared.end.xcoms['start'], played.end.xcoms['start'])
    t.equal((await runs(service)).length, 1)
  })

  t.test('partial, then resumed once: also where the answer to the resume is lost', async (t) => {
    const service = await startService(t)
    const { sandbox } = service.sandbox
    const lost = sandbox.catalogue.searchOrder[2] ?? ''
    sandbox.change({ faults: [{ kind: 'not-found', endpoint: 'album', albumId: lost }] })
    const isResume = (event: DagEvent) => event.event === 'answer' && event.path.endsWith('/resume')
    const wait = whileItWaits(service)
    let losses = 0
    const played = await playDag(t, {
      url: service.url,
      async onEvent (event) {
        if (event.event === 'success' && event.task === 'choose') sandbox.change({ faults: [] })
        if (isResume(event) && losses++ < 1) return 'lose'
        return await wait(event)
      },
    })
    t.match(played.end, {
      state: 'success',
      tasks: { resume: 'success', choose_again: 'success', store: 'success', reject: 'skipped' },
    })
    t.match(played.end.xcoms, {
      outcome: { status: 'partial', gaps: 1 },
      outcome_again: { status: 'succeeded', gaps: 0 },
    })
    t.strictSame(answers(played.events, 'POST', /resume$/), [202, 409], 'the run goes on already')
    const all = await runs(service)
    t.match(all, [{ status: 'succeeded' }])
    await checkFiles(t, played, all[0] as Run)
    t.strictSame(played.alerts, [])
  })

  t.test('partial again after its resume: rejected, with one alert and no file', async (t) => {
    const service = await startService(t)
    const { sandbox } = service.sandbox
    sandbox.change({
      faults: [{ kind: 'not-found', endpoint: 'album', albumId: sandbox.catalogue.searchOrder[2] ?? '' }],
    })
    const played = await playDag(t, { url: service.url, onEvent: whileItWaits(service) })
    t.match(played.end, {
      state: 'failed',
      tasks: { resume: 'success', store: 'skipped', count: 'skipped', reject: 'failed' },
    })
    t.equal(answers(played.events, 'POST', /resume$/).length, 1)
    t.match(played.alerts, [/reject failed .*partial, 1 gaps/])
    t.match(played.alerts[0], FAIL_IN_ALERT)
  })

  t.test('a quality that the market does not accept: rejected, with one alert and no file', async (t) => {
    const service = await startService(t, { sandbox: { faults: [{ kind: 'artists-text', endpoint: 'album' }] } })
    const played = await playDag(t, { url: service.url, onEvent: whileItWaits(service) })
    t.match(played.end, {
      state: 'failed',
      tasks: { choose: 'success', store: 'skipped', reject: 'failed', ...SKIPPED_RESUME },
    })
    t.match(played.alerts, [/reject failed .*succeeded, 0 gaps, quality failed/])
  })

  t.test('a pause for quota that is longer than the sensor waits: failed with one ' +
    'alert, and the run goes on later', async (t) => {
    const service = await startService(t, {
      sandbox: { faults: [{ kind: 'quota', endpoint: 'album', skip: 5, times: 1, retryAfter: '48925' }] },
    })
    const played = await playDag(t, { url: service.url, onEvent: whileItWaits(service) })
    t.match(played.end, {
      state: 'failed',
      tasks: {
        start: 'success',
        ready: 'failed',
        outcome: 'upstream_failed',
        store: 'upstream_failed',
        count: 'upstream_failed',
      },
    })
    t.ok(played.end.clockS >= 3600 && played.end.clockS < 3700, `${played.end.clockS} s`)
    t.match(played.alerts, [/ready failed .*AirflowSensorTimeout/])
    t.match(await runs(service), [{ id: played.end.xcoms['start'], status: 'paused' }], 'nobody has canceled it')
    const events = played.events.filter((event) => event.event === 'retry')
    t.strictSame(events, [], 'a timeout is not tried again')
  })

  t.test('the service restarts in between: the sensor is tried again, and the run goes on', async (t) => {
    const service = await startService(t, { sandbox: { latencyMs: 20 } })
    const { port } = new URL(service.url)
    let id = ''
    let restarted: FastifyInstance | null = null
    const played = await playDag(t, {
      url: service.url,
      async onEvent (event) {
        if (event.event === 'success' && event.task === 'start') id = String(event.xcom)
        if (event.event === 'retry') restarted = await restart(t, service, Number(port))
        if (event.event !== 'not yet') return
        if (restarted === null) await service.app.close()
        else await ended(restarted, id)
      },
    })
    t.match(played.end, { state: 'success', tasks: { ready: 'success', store: 'success', ...SKIPPED_RESUME } })
    t.equal(played.events.filter(({ event }) => event === 'retry').length, 1, 'nobody listened')
    t.equal(answers(played.events, 'POST', /^\/ingest$/).length, 1)
    t.strictSame(played.alerts, [])
  })

  t.test('a run that is canceled by somebody: the sensor fails, with one alert', async (t) => {
    const service = await startService(t, { sandbox: { latencyMs: 20 } })
    const played = await playDag(t, {
      url: service.url,
      async onEvent (event) {
        if (event.event === 'success' && event.task === 'start') {
          await (await request(`${service.url}/runs/${String(event.xcom)}/cancel`, { method: 'POST' })).body.dump()
        }
      },
    })
    t.match(played.end, { state: 'failed', tasks: { ready: 'failed', store: 'upstream_failed' } })
    t.match(played.alerts, [/ready failed .*409:Conflict/])
  })
})

async function restart (t: Test, { sandboxUrl, dataDir }: Service, port: number): Promise<FastifyInstance> {
  const app = await buildApp({
    env: { ...environment(sandboxUrl, dataDir), LOG_LEVEL: 'silent' },
    logger: pino({ level: 'silent' }),
  })
  t.teardown(async () => await app.close())
  await app.listen({ host: '127.0.0.1', port })
  return app
}

import t from 'tap'
import type { Run } from '../../src/schemas/run.ts'
import type { Timeline, TimelinePoint } from '../../src/schemas/timeline.ts'
import { type Json, type Service, ended, startService } from '../service.ts'

async function timelineOf ({ get }: Service, id: string): Promise<Timeline> {
  return await (await get(`/runs/${id}/timeline`)).body.json() as Timeline
}

const total = ({ points }: Timeline, value: (point: TimelinePoint) => number): number =>
  points.reduce((sum, point) => sum + value(point), 0)

t.test('the timeline of a run adds up to its cost and ends with its progress', async (t) => {
  const service = await startService(t, {
    sandbox: {
      faults: [
        { kind: 'rate-limit', endpoint: 'album', skip: 5, times: 1, retryAfter: '1' },
        { kind: 'server-error-json', endpoint: 'search', times: 1 },
      ],
    },
    dependencies: { retryBaseMs: 300, random: () => 0.99 },
  })
  const run = await service.ingest({ limit: 12 })
  const timeline = await timelineOf(service, run.id)
  t.match(timeline, { runId: run.id, startedAt: run.startedAt, stepMs: 1000 })
  t.equal(total(timeline, ({ calls }) => calls), run.cost.calls)
  t.equal(total(timeline, ({ retries }) => retries), run.cost.retries)
  t.ok(total(timeline, ({ limited }) => limited) >= 1)
  t.match(timeline.points.at(-1), run.progress)
  const waited = {
    pause: total(timeline, ({ waitMs }) => waitMs.pause),
    retry: total(timeline, ({ waitMs }) => waitMs.retry),
  }
  t.ok(waited.pause >= 700, `${waited.pause} ms of a pause of a second`)
  t.ok(waited.retry >= 100, `${waited.retry} ms of a backoff of 300 ms`)
  t.ok(
    waited.pause + waited.retry <= Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? ''),
    'no longer than the run was executed'
  )
  t.equal(
    (await service.app.engine.database.queries.selectFrom('timelines').select('run_id').execute()).length,
    1,
    'it is stored with the end of the run'
  )
})

t.test('a run has a timeline while it is executed, and goes on with it when it is ' +
  'resumed, until it is deleted', async (t) => {
  const service = await startService(t, {
    sandbox: { faults: [{ kind: 'rate-limit', endpoint: 'album', skip: 5, times: 1, retryAfter: '2' }] },
  })
  const { id } = await (await service.post({ limit: 12 })).body.json() as Run
  await new Promise<void>((resolve) =>
    service.app.runs.watch(id, ({ waiting, progress }) => {
      if (waiting?.for === 'pause' && progress.albumsFetched > 0) resolve()
    })
  )
  const live = await timelineOf(service, id)
  t.ok(total(live, ({ calls }) => calls) >= 6, 'the calls before the pause')
  t.equal((await service.app.inject({ method: 'POST', url: `/runs/${id}/cancel` })).statusCode, 200)
  const canceled = await ended(service.app, id)
  t.equal(canceled.status, 'canceled')
  const before = await timelineOf(service, id)
  t.equal(total(before, ({ calls }) => calls), canceled.cost.calls)

  service.sandbox.sandbox.change({ faults: [] })
  t.equal((await service.app.inject({ method: 'POST', url: `/runs/${id}/resume` })).statusCode, 202)
  const run = await ended(service.app, id, false)
  const after = await timelineOf(service, id)
  t.equal(after.startedAt, before.startedAt)
  t.equal(total(after, ({ calls }) => calls), run.cost.calls)
  t.match(after.points.at(-1), run.progress)

  t.equal((await service.app.inject({ method: 'DELETE', url: `/runs/${id}` })).statusCode, 204)
  const { statusCode, body } = await service.get(`/runs/${id}/timeline`)
  t.strictSame([statusCode, (await body.json() as Json)['code']], [404, 'run_not_found'])
  t.same(await service.app.engine.database.queries.selectFrom('timelines').select('run_id').execute(), [])
})

t.test('what stays of a run that a shutdown interrupts is its whole timeline, and the ' +
  'next process goes on with it', async (t) => {
  const first = await startService(t, { sandbox: { latencyMs: 100 } })
  const { id } = await (await first.post({ limit: 12 })).body.json() as Run
  await new Promise<void>((resolve) =>
    first.app.runs.watch(id, ({ progress }) => {
      if (progress.albumsFetched > 2) resolve()
    })
  )
  await first.app.close()
  const second = await startService(t, { on: first, dataDir: first.dataDir })
  const run = await ended(second.app, id, false)
  const timeline = await timelineOf(second, id)
  t.equal(run.status, 'succeeded')
  t.equal(timeline.startedAt, run.startedAt)
  t.ok(total(timeline, ({ calls }) => calls) >= run.cost.calls, 'calls that were cut off are in it too')
  t.match(timeline.points.at(-1), run.progress)
})

t.test('a run that was never executed has a timeline without points, and one that is too old is gone', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 300 }, env: { RETENTION_DAYS: '1' } })
  await service.post({ limit: 12 })
  const { id, startedAt } = await (await service.post({ limit: 11 })).body.json() as Run
  t.equal(startedAt, null)
  t.strictSame(await timelineOf(service, id), { runId: id, startedAt: null, stepMs: 1000, points: [] })
  for (const [unknown, expected] of [['nothing', 404], ['018f0000-29b8-7587-a80e-df4d1d6e4fbc', 410]] as const) {
    const { statusCode, body } = await service.get(`/runs/${unknown}/timeline`)
    t.equal(statusCode, expected, unknown)
    await body.dump()
  }
})

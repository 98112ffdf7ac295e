import t, { type Test } from 'tap'
import type { QualityReport } from '../../src/schemas/quality.ts'
import type { Run } from '../../src/schemas/run.ts'
import { checksumOf } from '../../src/services/database/checksum.ts'
import { type Json, type Service, ended, startService } from '../service.ts'

const LIMIT = 8

/** Albums by id, from the ordinary ones of the catalogue: their dates do not matter. */
function requestOf ({ sandbox }: Service, limit = LIMIT): Json & { albumIds: string[] } {
  return { source: 'albums', albumIds: sandbox.sandbox.catalogue.ids.slice(60, 60 + limit), refresh: true }
}

async function reportOf (service: Service, { id }: Pick<Run, 'id'>): Promise<QualityReport> {
  const answer = await service.get(`/runs/${id}/quality`)
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${await answer.body.text()}`)
  return await answer.body.json() as QualityReport
}

async function statusOf (service: Service, path: string): Promise<[status: number, code: unknown]> {
  const answer = await service.get(path)
  const { code } = await answer.body.json() as Json
  return [answer.statusCode, code]
}

/** The albums of these places are not found. */
function lose ({ sandbox: { sandbox } }: Service, { albumIds }: { albumIds: string[] }, count: number): void {
  sandbox.change({
    faults: albumIds.slice(0, count).map((albumId) => ({ kind: 'not-found', endpoint: 'album', albumId })),
  })
}

const notPassed = ({ checks }: QualityReport): string[] =>
  checks.filter(({ verdict }) => verdict === 'warned' || verdict === 'failed').map(({ id }) => id)

t.test('a run has the verdict of its report as soon as it has ended', async (t) => {
  const service = await startService(t)
  const run = await service.ingest(requestOf(service))
  t.strictSame(run.quality, { verdict: 'passed', failed: 0, warned: 0 })
  const report = await reportOf(service, run)
  t.match(report, {
    runId: run.id,
    verdict: 'passed',
    profile: { tier: 'development', albums: { rows: LIMIT } },
    baseline: { runs: [] },
  })
  t.strictSame(notPassed(report), [])
  const { runs } = await (await service.get('/runs')).body.json() as { runs: Run[] }
  t.strictSame(runs[0]?.quality, run.quality)
  t.equal((await service.document(run.id)).quality, null, 'the document is judged after its head was written')
})

t.test('a report is compared with the earlier runs of an equal request and the same tier', async (t) => {
  const service = await startService(t)
  const request = requestOf(service)
  const [first, second] = [await service.ingest(request), await service.ingest(request)]
  t.strictSame((await reportOf(service, second)).baseline.runs, [{ runId: first.id, finishedAt: first.finishedAt }])
  t.strictSame(
    (await reportOf(service, await service.ingest(requestOf(service, 5)))).baseline.runs,
    [],
    'another request'
  )
  service.sandbox.sandbox.change({ tier: 'extended' })
  t.strictSame((await reportOf(service, await service.ingest(request))).baseline, {
    tier: 'extended',
    runs: [],
    tables: {},
  }, 'another tier')
  service.sandbox.sandbox.change({ tier: 'development' })
  t.strictSame((await reportOf(service, await service.ingest(request))).baseline.runs.map(({ runId }) => runId), [
    second.id,
    first.id,
  ])
  for (let runs = 0; runs < 10; runs++) await service.ingest(request)
  t.equal((await reportOf(service, await service.ingest(request))).baseline.runs.length, 10, 'no more than ten')
})

t.test('GET /runs/{id}/ready?quality= refuses a worse verdict', async (t) => {
  const service = await startService(t)
  const request = requestOf(service)
  for (
    const [lost, verdict, answers] of [
      [0, 'passed', { passed: [200, undefined], warned: [200, undefined] }],
      [1, 'warned', { passed: [409, 'quality_failed'], warned: [200, undefined] }],
      [3, 'failed', { passed: [409, 'quality_failed'], warned: [409, 'quality_failed'] }],
    ] as const
  ) {
    lose(service, request, lost)
    const run = await service.ingest(request)
    t.equal(run.quality?.verdict, verdict)
    t.strictSame(
      await statusOf(service, `/runs/${run.id}/ready?accept=partial`),
      [200, undefined],
      'without it any verdict is good enough'
    )
    for (const [quality, expected] of Object.entries(answers)) {
      t.strictSame(
        await statusOf(service, `/runs/${run.id}/ready?accept=partial&quality=${quality}`),
        expected,
        `${verdict}, and ${quality} is asked for`
      )
    }
    if (lost > 0) {
      t.strictSame(
        await statusOf(service, `/runs/${run.id}/ready?quality=warned`),
        [409, 'run_partial'],
        'a partial run is none that has succeeded'
      )
    }
  }
  t.strictSame(await statusOf(service, '/runs/any/ready?quality=failed'), [400, 'invalid_request'])
})

t.test('where there is no report, the reason is told', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 200 } })
  const { id } = await (await service.post({ limit: 5 })).body.json() as Run
  const early = await service.get(`/runs/${id}/quality`)
  t.match([early.statusCode, early.headers['retry-after'], await early.body.json()], [409, '5', {
    code: 'run_not_finished',
  }])
  await ended(service.app, id)
  service.sandbox.sandbox.change({ albums: 0, latencyMs: 0 })
  const empty = await service.ingest({ limit: 5 })
  t.equal(empty.quality, null)
  const answer = await service.get(`/runs/${empty.id}/quality`)
  t.match([answer.statusCode, await answer.body.json()], [404, {
    code: 'document_not_found',
    detail: /listing_empty/,
  }])
  t.strictSame(await statusOf(service, '/runs/unknown/quality'), [404, 'run_not_found'])
  t.strictSame(await statusOf(service, `/runs/${id}/quality?deep=true`), [400, 'invalid_request'])
})

t.test('a run that is resumed has no verdict until it ends again, and then a report of its new document', async (t) => {
  const service = await startService(t)
  const request = requestOf(service)
  lose(service, request, 3)
  const partial = await service.ingest(request)
  t.equal((await reportOf(service, partial)).verdict, 'failed')
  service.sandbox.sandbox.change({ faults: [], latencyMs: 50 })
  const resumed = await service.app.runs.resume(partial.id)
  t.match(resumed, { status: 'queued', quality: null })
  t.strictSame(await statusOf(service, `/runs/${partial.id}/quality`), [409, 'run_not_finished'])
  const run = await ended(service.app, partial.id)
  t.strictSame(run.quality, { verdict: 'passed', failed: 0, warned: 0 })
  const report = await reportOf(service, run)
  t.match(report, { verdict: 'passed', profile: { albums: { rows: LIMIT } }, baseline: { runs: [] } })
})

/** Takes everything away that an earlier release had not stored: the report, and the field of the run. */
async function forget ({ app: { engine: { database: { queries } } } }: Service, { id }: Run): Promise<void> {
  await queries.deleteFrom('quality_reports').where('run_id', '=', id).execute()
  const { record } = await queries.selectFrom('runs').select('record').where('id', '=', id).executeTakeFirstOrThrow()
  const stored = JSON.parse(record) as { run: Partial<Run> }
  delete stored.run.quality
  const text = JSON.stringify(stored)
  await queries.updateTable('runs').set({ record: text, checksum: checksumOf(id, text) }).where('id', '=', id).execute()
}

t.test('a report survives a restart; a missing one is made again from the document, once', async (t) => {
  const first = await startService(t)
  const request = requestOf(first)
  await first.ingest(request)
  const run = await first.ingest(request)
  const report = await reportOf(first, run)
  await first.app.close()
  const second = await startService(t, { on: first, dataDir: first.dataDir })
  t.strictSame(await reportOf(second, run), report)
  await forget(second, run)
  t.equal((await second.app.runs.get(run.id)).quality, null, 'as a run of an earlier release')
  t.strictSame(await Promise.all([reportOf(second, run), reportOf(second, run), reportOf(second, run)]), [
    report,
    report,
    report,
  ])
  t.equal(second.log().split('quality report made from the stored document').length - 1, 1)
  t.strictSame((await second.app.runs.get(run.id)).quality, run.quality)
  await forget(second, run)
  t.strictSame(
    await statusOf(second, `/runs/${run.id}/ready?quality=passed`),
    [200, undefined],
    'a sensor gets it made as well'
  )
})

t.test('a report that was damaged is made again', async (t) => {
  const service = await startService(t)
  const run = await service.ingest(requestOf(service))
  const report = await reportOf(service, run)
  await service.app.engine.database.queries.updateTable('quality_reports').set({ report: '{"verdict":"failed"}' })
    .execute()
  t.strictSame(await reportOf(service, run), report)
})

async function storedReports ({ app }: Service): Promise<string[]> {
  return (await app.engine.database.queries.selectFrom('quality_reports').select('run_id').execute()).map((
    { run_id: id }
  ) => id)
}

t.test('a report is deleted with its run', async (t: Test) => {
  const service = await startService(t)
  const runs = [await service.ingest(requestOf(service)), await service.ingest(requestOf(service, 3))]
  t.strictSame((await storedReports(service)).sort(), runs.map(({ id }) => id).sort())
  await service.app.runs.remove(runs[0]?.id ?? '')
  t.strictSame(await storedReports(service), [runs[1]?.id])
})

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { ServiceError, hasCode } from '../errors.ts'
import { json } from '../schemas/response.ts'
import type { QualityReport } from '../schemas/quality.ts'
import { Run } from '../schemas/run.ts'
import { RunParams } from '../schemas/run-id.ts'

type AcceptedVerdict = 'passed' | 'warned'

const ReadyQuery = Type.Object({
  accept: Type.Optional(Type.Literal('partial', { description: 'a partial run is good enough' })),
  quality: Type.Optional(Type.Unsafe<AcceptedVerdict>({
    type: 'string',
    enum: ['passed', 'warned'],
    description: 'the worst verdict on the document that is good enough; without it any is',
  })),
}, { additionalProperties: false })

/** A sensor asks again after this status only. */
const NOT_FINISHED = { code: 'run_not_finished', status: 404 } as const

/** For sensors that know only status codes: 404 means ask again, 200 go on, 409 and 410 give up. */
const runReadyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs/:id/ready', {
    schema: {
      operationId: 'isRunReady',
      tags: ['runs'],
      summary: 'Whether a run has succeeded, as a status code',
      description: 'For sensors: 404 means ask again, 200 go on, 409 and 410 give up.',
      params: RunParams,
      querystring: ReadyQuery,
      response: { 200: json(Run, 'it has succeeded') },
      problems: [NOT_FINISHED, 'run_partial', 'run_failed', 'run_canceled', 'quality_failed', 'run_expired'],
    },
  }, async ({ params, query }) => {
    const run = readyOrThrow(await getOrGone(params.id), query.accept === 'partial')
    if (query.quality !== undefined) {
      checkVerdict(run.quality?.verdict ?? (await app.runs.quality(run)).verdict, query.quality)
    }
    return run
  })

  async function getOrGone (id: string): Promise<Run> {
    try {
      return await app.runs.get(id)
    } catch (error) {
      if (!hasCode(error, 'run_not_found')) throw error
      throw new ServiceError('run_expired', 'there is no such run, and there never will be: stop asking')
    }
  }
}

function readyOrThrow (run: Run, isPartialFine: boolean): Run {
  const detail = run.error === null ? `${run.gaps.length} gaps` : `${run.error.code}: ${run.error.detail}`
  switch (run.status) {
    case 'succeeded': return run
    case 'partial':
      if (isPartialFine) return run
      throw new ServiceError(
        'run_partial',
        `the run ended partial (${detail}): ?accept=partial accepts it, POST /runs/{id}/resume fetches what is missing`
      )
    case 'failed': throw new ServiceError('run_failed', `the run failed (${detail})`)
    case 'canceled': throw new ServiceError('run_canceled', 'the run was canceled')
    case 'queued':
    case 'running':
    case 'paused': throw new ServiceError(
      NOT_FINISHED.code, `the run is ${run.status}: ask again`, { status: NOT_FINISHED.status, retryAfterSeconds: 5 }
    )
  }
}

function checkVerdict (verdict: QualityReport['verdict'], accepted: AcceptedVerdict): void {
  if (verdict === 'passed' || verdict === accepted) return
  throw new ServiceError('quality_failed', `the quality of the document is "${verdict}", and "${accepted}" is asked ` +
    'for: GET /runs/{id}/quality says which checks did not pass')
}

export default runReadyRoutes

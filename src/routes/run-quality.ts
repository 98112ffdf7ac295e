import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { json } from '../schemas/response.ts'
import { NO_QUERY } from '../schemas/nothing.ts'
import { QualityReport } from '../schemas/quality.ts'
import { RUN_UNKNOWN } from '../schemas/problem.ts'
import { RunParams } from '../schemas/run-id.ts'

const runQualityRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs/:id/quality', {
    schema: {
      operationId: 'getQuality',
      tags: ['documents'],
      summary: 'What was checked in the document of a run, and what was found',
      description:
        'Each check with what it expected, what it saw and the first rows that fail; a profile of each table; and ' +
          'the earlier runs that the document was compared with. It is stored with the end of the run.',
      params: RunParams,
      querystring: NO_QUERY,
      response: { 200: json(QualityReport, 'the report') },
      problems: [...RUN_UNKNOWN, 'document_not_found', 'run_not_finished'],
    },
  }, async ({ params }) => await app.runs.quality(await app.runs.get(params.id)))
}

export default runQualityRoutes

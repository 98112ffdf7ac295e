import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { json } from '../schemas/response.ts'
import { NO_QUERY } from '../schemas/nothing.ts'
import { RUN_UNKNOWN } from '../schemas/problem.ts'
import { RunParams } from '../schemas/run-id.ts'
import { Timeline } from '../schemas/timeline.ts'

const runTimelineRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs/:id/timeline', {
    schema: {
      operationId: 'getTimeline',
      tags: ['runs'],
      summary: 'What happened in a run, second by second: calls, retries, limits, waits and progress',
      description:
        'At most 240 points: where there would be more, steps become twice as long. While the run is executed, what ' +
          'has happened so far, at most a second old.',
      params: RunParams,
      querystring: NO_QUERY,
      response: { 200: json(Timeline, 'the steps in which something happened') },
      problems: RUN_UNKNOWN,
    },
  }, async ({ params }) => await app.runs.timeline(params.id))
}

export default runTimelineRoutes

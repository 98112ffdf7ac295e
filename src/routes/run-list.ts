import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { Pattern } from '../schemas/pattern.ts'
import { json } from '../schemas/response.ts'
import { RUN_STATUSES, Run, type RunStatus } from '../schemas/run.ts'
import { RunId } from '../schemas/run-id.ts'

const ANY_STATUS = RUN_STATUSES.join('|')

const ListQuery = Type.Object({
  status: Type.Optional(Pattern(`^(${ANY_STATUS})(,(${ANY_STATUS}))*$`, `some of ${RUN_STATUSES.join(
    ', '
  )}, separated by commas`, {
    maxLength: 100,
    examples: [
      'succeeded,partial'
    ],
    description: 'only runs in this state, or in one of these, separated by commas',
  })),
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'runs on a page' }),
  cursor: Type.Optional(RunId('nextCursor of the page before')),
}, { additionalProperties: false })

const RunList = Type.Object({
  runs: Type.Array(Run),
  nextCursor: Type.Union([Type.String(), Type.Null()], { description: '`cursor` of the next page; null at the end' }),
}, { title: 'RunList' })

function statusesOf (text: string | undefined): RunStatus[] | null {
  return text === undefined ? null : [...new Set(text.split(','))] as RunStatus[]
}

const runListRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs', {
    schema: {
      operationId: 'listRuns',
      tags: ['runs'],
      summary: 'The runs, newest first',
      querystring: ListQuery,
      response: { 200: json(RunList, 'a page of runs') },
    },
  }, async ({ query }) => {
    const {
      runs,
      next,
    } = await app.runs.list({ statuses: statusesOf(query.status), limit: query.limit, before: query.cursor ?? null })
    return { runs, nextCursor: next }
  })
}

export default runListRoutes

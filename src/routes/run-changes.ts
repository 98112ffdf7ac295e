import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ChangesQuery, changesResponses } from '../schemas/changes.ts'
import { RUN_UNKNOWN } from '../schemas/problem.ts'
import { RunParams } from '../schemas/run-id.ts'
import { type LocatedRun, writeChanges } from '../services/changes/changes-text.ts'
import { type Sides, chooseSides } from '../services/changes/choose-sides.ts'
import type { DocumentedRun } from '../services/run-record.ts'
import { documentDamaged } from '../services/store/storage-failure.ts'
import { type Validators, checkPreconditions, identify } from './download/conditional.ts'
import { streamConversion } from './download/representation.ts'
import { dropStalled } from './download/idle-timeout.ts'

const runChangesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs/:id/changes', {
    schema: {
      operationId: 'getChanges',
      tags: ['documents'],
      summary: 'What has changed since an earlier run with an equal request',
      description: 'Albums added, changed, delisted, and those of which that cannot be known. The order of albums ' +
        'and tracks is not compared.',
      params: RunParams,
      querystring: ChangesQuery,
      response: changesResponses,
      problems: [...RUN_UNKNOWN, 'run_not_comparable', 'document_not_found', 'no_earlier_run', 'run_not_finished'],
    },
  }, async (request, reply) => {
    const sides = await chooseSides(app.runs, request.params.id, request.query.since)
    const validators = validatorsOf(sides)
    identify(reply, validators)
    const { 'if-none-match': tag, 'if-modified-since': date } = request.headers
    if (checkPreconditions({ 'if-none-match': tag, 'if-modified-since': date }, validators) === 'not modified') {
      return await reply.code(304).send()
    }
    reply.type('application/json; charset=utf-8')
    if (request.method === 'HEAD') return await reply.send(Readable.from([]))
    const [before, after] = [await located(app, sides.before), await located(app, sides.after)]
    dropStalled(request)
    return await reply.send(await streamConversion(
      ({ inTurns }) => writeChanges(before, after, inTurns),
      async (signal) => await app.conversions.begin(app.clientKey(request) ?? request.ip, signal),
      reply.raw
    ))
  })
}

export default runChangesRoutes

/** Raise it when the same documents give other bytes than before. */
const REVISION = 1

function validatorsOf ({ before, after }: Sides): Validators {
  const ends = [before, after].map(({ finishedAt, createdAt }) => Date.parse(finishedAt ?? createdAt))
  return { etag: `"${before.file.sha256}-${after.file.sha256}-changes-${REVISION}"`, modifiedMs: Math.max(...ends) }
}

/**
 * Throws `storage_failed` where the document is gone or damaged, `run_not_found` where its run was deleted meanwhile.
 */
async function located ({ runs }: FastifyInstance, run: DocumentedRun): Promise<LocatedRun> {
  const path = await runs.documentPath(run)
  if (path === null) throw documentDamaged()
  return { run, path }
}

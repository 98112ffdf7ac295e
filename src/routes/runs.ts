import { createReadStream } from 'node:fs'
import { type Readable } from 'node:stream'
import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { Run } from '../schemas/run.ts'
import { retryAfterSeconds } from './retry-after.ts'

const RunParams = Type.Object({ id: Type.String({ maxLength: 64 }) })
/** The stored bytes: written once, not checked again at each request. */
const StoredDocument = Type.Unsafe<string | Readable>({ description: 'the run without `file`, and its albums' })
const JSON_TYPE = 'application/json; charset=utf-8'

const runRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs/:id', { schema: { params: RunParams, response: { 200: StoredDocument, 202: Run } } }, async (request, reply) => {
    const run = await app.runs.get(request.params.id)
    if (run.finishedAt === null) {
      return await reply.code(202).header('retry-after', retryAfterSeconds(run, app.parts.clock.now())).send(run)
    }
    const path = app.runs.documentPath(run)
    if (run.file === null || path === null) return await reply.type(JSON_TYPE).send(JSON.stringify(withoutAlbums(run)))
    return await reply.type(JSON_TYPE)
      .headers({ 'content-length': run.file.bytes, 'content-disposition': `inline; filename="${run.file.name}"` })
      .send(createReadStream(path))
  })

  app.get('/runs/:id/status', { schema: { params: RunParams, response: { 200: Run } } }, async (request) => {
    return await app.runs.get(request.params.id)
  })
}

/** What a run that got no album answers: the document's shape, with nothing in it. */
function withoutAlbums ({ file: _file, ...run }: Run): Omit<Run, 'file'> & { albums: [] } {
  return { ...run, albums: [] }
}

export default runRoutes

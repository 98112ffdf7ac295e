import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { ServiceError, hasCode } from '../../errors.ts'
import { DocumentQuery, documentResponses } from '../../schemas/document.ts'
import { RUN_UNKNOWN } from '../../schemas/problem.ts'
import { Run } from '../../schemas/run.ts'
import { RunParams } from '../../schemas/run-id.ts'
import { hasEnded } from '../../services/run-record.ts'
import { type ByteRange, byteRange } from './byte-range.ts'
import { chooseFormat, preferredCoding } from './negotiation.ts'
import { type Validators, checkPreconditions, identify, isRangeWanted } from './conditional.ts'
import { type BeginConversion, type Representation, representationOf, validatorsOf } from './representation.ts'
import { retryAfterSeconds } from './retry-after.ts'
import { dropStalled } from './idle-timeout.ts'
import { WaitQuery, clientGone, waitMs } from './wait.ts'

const documentRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/runs/:id', {
    schema: {
      operationId: 'getDocument',
      tags: ['documents'],
      summary: 'The document of a run, once it has ended',
      description: '202 and the run while it goes on, then 200 and the document, in the format that `?format=` or ' +
        '`Accept` says. The stored file is served with `ETag`, by ranges, and as gzip to those who prefer it.',
      problems: RUN_UNKNOWN,
      params: RunParams,
      querystring: Type.Composite([DocumentQuery, WaitQuery], { additionalProperties: false }),
      response: { ...documentResponses, 202: Run },
    },
  }, async (request, reply) => {
    chooseFormat(request)
    const ms = waitMs(request, reply)
    const run = await app.runs.waitForEnd(request.params.id, ms, clientGone(reply, ms))
    if (hasEnded(run)) return await sendDocument(app, request, reply, run)
    return await reply.code(202).header('retry-after', retryAfterSeconds(run, app.dependencies.clock.now())).send(run)
  })
}

export default documentRoutes

/**
 * Answer with the document of a run that has ended, as the client wants it: format, coding, part, or only whether it
 * has changed.
 * Throws `not_acceptable`, `precondition_failed`, `range_not_satisfiable`, `storage_failed`.
 */
export async function sendDocument (
  app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, run: Run
): Promise<FastifyReply> {
  const [format, coding] = [chooseFormat(request), preferredCoding(request)]
  return await sendRepresentation(app, request, reply, run, {
    vary: 'Accept, Accept-Encoding',
    known: validatorsOf(run, format, coding),
    open: async (path, begin) => await representationOf(run, path, format, coding, begin),
  })
}

/** How a run is shown to one request. */
export interface Choice {
  /** The headers of requests that the answer depends on. */
  vary: string
  /** What the record alone tells; null: nothing. */
  known: Validators | null
  /** Opens the document at that path; null: the run has none. */
  open: (path: string | null, begin: BeginConversion) => Promise<Representation>
}

/** Answers with what is made of the document of a run that has ended. Throws as `sendDocument` does. */
export async function sendRepresentation (
  app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, run: Run, { vary, known, open }: Choice
): Promise<FastifyReply> {
  reply.header('vary', vary)
  if (known !== null && isNamed(request, known) && isNotModified(request, known)) {
    identify(reply, known)
    return await sendNothing(request, reply.code(304))
  }
  const begin: BeginConversion = async (signal) =>
    await app.conversions.begin(app.clientKey(request) ?? request.ip, signal)
  const representation = await unlessDeleted(app, run, async () => await open(await app.runs.documentPath(run), begin))
  identify(reply, representation)
  if (isNotModified(request, representation)) return await sendNothing(request, reply.code(304))
  const range = rangeOf(request, reply, representation)
  const body = request.method === 'HEAD'
    ? null
    : await unlessDeleted(app, run, async () => await representation.read(range, reply.raw))
  describe(reply, representation, range)
  if (body === null) return await sendNothing(request, reply)
  dropStalled(request)
  return await reply.send(body)
}

/** A document that is gone since its run was deleted is no damage: throws `run_not_found` then. */
async function unlessDeleted<T> (app: FastifyInstance, { id }: Run, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (hasCode(error, 'storage_failed')) await app.runs.get(id)
    throw error
  }
}

/** A client that sends the current tag has the document, so that the disk is not read. */
function isNamed ({ headers }: FastifyRequest, { etag }: Validators): boolean {
  return headers['if-match'] === undefined && headers['if-none-match']?.includes(etag) === true
}

/** Preconditions are for reads; what POST answers is always sent. */
function isNotModified ({ method, headers }: FastifyRequest, validators: Validators): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  switch (checkPreconditions(headers, validators)) {
    case 'go on': return false
    case 'not modified': return true
    case 'failed': throw new ServiceError('precondition_failed', 'the document is not the one that If-Match or ' +
      'If-Unmodified-Since names: it has been written again, or the format differs')
  }
}

function rangeOf (
  { method, headers }: FastifyRequest, reply: FastifyReply, representation: Representation
): ByteRange | null {
  const { bytes } = representation
  if (method !== 'GET' || bytes === null || !isRangeWanted(headers, representation)) return null
  const range = byteRange(headers.range, bytes)
  if (range !== 'unsatisfiable') return range
  reply.header('content-range', `bytes */${bytes}`)
  throw new ServiceError(
    'range_not_satisfiable', `the document has ${bytes} bytes in this coding, and the range begins after them`
  )
}

function describe (
  reply: FastifyReply, { contentType, fileName, coding, bytes }: Representation, range: ByteRange | null
): void {
  reply.headers({
    'content-type': contentType,
    'content-disposition': `inline; filename="${fileName}"`,
    'accept-ranges': bytes === null ? 'none' : 'bytes',
    ...(coding === null ? {} : { 'content-encoding': coding }),
    ...(bytes === null ? {} : { 'content-length': range === null ? bytes : range.end - range.start + 1 }),
  })
  if (range !== null) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${bytes}`)
}

/** For HEAD, Fastify wants a body to throw away; an empty one costs nothing and leaves the headers as they are. */
async function sendNothing ({ method }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return await reply.send(method === 'HEAD' ? Readable.from([]) : undefined)
}

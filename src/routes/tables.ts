import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Static } from '@sinclair/typebox'
import { ServiceError } from '../errors.ts'
import { json } from '../schemas/response.ts'
import { type Problems, RUN_UNKNOWN } from '../schemas/problem.ts'
import type { Run } from '../schemas/run.ts'
import { RunParams } from '../schemas/run-id.ts'
import {
  LatestTableParams, TABLES_TEXT, TableList, TableParams, TableQuery, tableResponses,
} from '../services/tables/table-schemas.ts'
import { type DocumentedRun, hasEnded } from '../services/run-record.ts'
import { keyOf } from '../services/tables/define-table.ts'
import { TABLE_FORMAT_NAMES } from '../services/tables/table-formats.ts'
import { TABLES, tableNamed } from '../services/tables/tables.ts'
import { sendRepresentation } from './download/send-document.ts'
import { retryAfterSeconds } from './download/retry-after.ts'
import { chooseTable, tableChoice } from './download/table-representation.ts'

const LIST_PROBLEMS = [...RUN_UNKNOWN, 'document_not_found', 'run_not_finished'] satisfies Problems
const REPRESENTATION_PROBLEMS = ['table_not_found', 'not_acceptable', 'precondition_failed'] satisfies Problems

const DESCRIPTION = `Made from the stored document. A value that is not of its column's type is null.\n\n${TABLES_TEXT}`

const NAMES = TABLES.map(({ name }) => name).join(', ')

/** The document of a run as tables. */
const tableRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { clock } = app.dependencies

  app.get('/runs/latest/tables', {
    schema: {
      operationId: 'listLatestTables',
      tags: ['tables'],
      summary: 'The tables of the newest run that has a document',
      response: { 200: json(TableList, 'every table, with its columns and links') },
      problems: ['run_not_found'],
    },
  }, async () => listOf(app, documented(await app.runs.latest(), clock.now())))

  app.get('/runs/:id/tables', {
    schema: {
      operationId: 'listTables',
      tags: ['tables'],
      summary: 'The tables of a run that has ended',
      params: RunParams,
      response: { 200: json(TableList, 'every table, with its columns and links') },
      problems: LIST_PROBLEMS,
    },
  }, async ({ params }) => listOf(app, documented(await app.runs.get(params.id), clock.now())))

  app.get('/runs/latest/tables/:table', {
    schema: {
      operationId: 'getLatestTable',
      tags: ['tables'],
      summary: 'A table of the newest run that has a document',
      params: LatestTableParams,
      querystring: TableQuery,
      response: tableResponses,
      problems: ['run_not_found', ...REPRESENTATION_PROBLEMS],
    },
  }, async (request, reply) => await send(request, reply, request.params.table, async () => await app.runs.latest()))

  app.get('/runs/:id/tables/:table', {
    schema: {
      operationId: 'getTable',
      tags: ['tables'],
      summary: 'A table of a run that has ended, as Parquet, CSV or NDJSON',
      description: DESCRIPTION,
      params: TableParams,
      querystring: TableQuery,
      response: tableResponses,
      problems: [...LIST_PROBLEMS, ...REPRESENTATION_PROBLEMS],
    },
  }, async (request, reply) => {
    const { id, table } = request.params
    return await send(request, reply, table, async () => await app.runs.get(id))
  })

  async function send (
    request: FastifyRequest, reply: FastifyReply, name: string, find: () => Promise<Run>
  ): Promise<FastifyReply> {
    const table = tableNamed(name)
    if (table === undefined) throw new ServiceError('table_not_found', `there is no such table: there are ${NAMES}`)
    const choice = chooseTable(request)
    const run = documented(await find(), clock.now())
    return await sendRepresentation(app, request, reply, run, tableChoice(run, table, choice))
  }
}

export default tableRoutes

/** The run, where it has a document to make tables of. Throws `run_not_finished`, `document_not_found`. */
function documented (run: Run, nowMs: number): DocumentedRun {
  const { file, status, error } = run
  if (!hasEnded(run)) {
    const wait = { retryAfterSeconds: retryAfterSeconds(run, nowMs) }
    throw new ServiceError('run_not_finished', `the run is ${status}: its tables are there when it has ended`, wait)
  }
  if (file !== null) return { ...run, file }
  const reason = error === null ? '' : ` (${error.code}: ${error.detail})`
  throw new ServiceError('document_not_found', `the run is ${status} and left no document to make tables of${reason}`)
}

function listOf (app: FastifyInstance, { id }: DocumentedRun): Static<typeof TableList> {
  return {
    runId: id,
    tables: TABLES.map((table) => ({
      name: table.name,
      description: `One row per ${table.row}.`,
      key: keyOf(table),
      columns: table.columns.map(({ isKey: _isKey, isExtended: _isExtended, ...column }) => column),
      links: Object.fromEntries(TABLE_FORMAT_NAMES.map((format) => {
        return [format, app.publicUrl(`/runs/${id}/tables/${table.name}?format=${format}`)]
      })),
    })),
  }
}

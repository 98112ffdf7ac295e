import { parseArgs } from 'node:util'
import { Ajv, type ErrorObject } from 'ajv'
import { ServiceError, hasCode } from './errors.ts'
import { explainSchemaError } from './schemas/explain.ts'
import { IngestBody } from './schemas/run.ts'

export const USAGE = `npm run ingest -- [options]      one run without HTTP

  --source S          auto, new-releases, search, artists or albums (auto)
  --limit N           albums wanted (100)
  --pagination P      next or offset (next)
  --market M          country, as ISO 3166-1 alpha-2
  --query Q           for source search (tag:new)
  --artist-ids A,B    for source artists: ids, URIs or links
  --album-ids A,B     for source albums: ids, URIs or links
  --out DIR           also put the file into this folder
  --help              this text

Progress goes to stderr, the file's path alone to stdout.
Exit code: 0 succeeded, 2 partial, 1 failed or not finished.`

export interface CliArguments {
  body: IngestBody
  /** Where a copy of the file goes. */
  out: string | undefined
  help: boolean
}

const OPTIONS = {
  source: { type: 'string' },
  limit: { type: 'string' },
  pagination: { type: 'string' },
  market: { type: 'string' },
  query: { type: 'string' },
  'artist-ids': { type: 'string' },
  'album-ids': { type: 'string' },
  out: { type: 'string' },
  help: { type: 'boolean' },
} as const

const isBody = new Ajv({ verbose: true }).compile<IngestBody>(IngestBody)

/** Throws `invalid_request` with what to change. */
export function readArguments (args: string[]): CliArguments {
  const values = parse(args)
  const given = {
    source: values.source,
    limit: /^\d+$/.test(values.limit ?? '') ? Number(values.limit) : values.limit,
    pagination: values.pagination,
    market: values.market,
    query: values.query,
    artistIds: values['artist-ids']?.split(','),
    albumIds: values['album-ids']?.split(','),
  }
  const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  if (!isBody(body)) throw wrong(isBody.errors?.[0])
  return { body, out: values.out, help: values.help === true }
}

function parse (args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new ServiceError('invalid_request', `${error instanceof Error ? error.message : String(error)} (--help shows the options)`)
  }
}

/** What the service says of a request, in terms of options. */
export function inOptions (error: unknown): unknown {
  if (!hasCode(error, 'invalid_request')) return error
  return new ServiceError('invalid_request', error.message.replace(/\b(artist|album)Ids\b/g, '--$1-ids'), { cause: error })
}

function wrong (error: ErrorObject | undefined): ServiceError {
  const option = (error?.instancePath.split('/')[1] ?? '').replace(/Ids$/, '-ids')
  const allowed = error === undefined ? 'it is wrong' : `it ${explainSchemaError(error)}`
  return new ServiceError('invalid_request', `--${option} cannot be ${JSON.stringify(error?.data)}: ${allowed} (--help shows the options)`)
}

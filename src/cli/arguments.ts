import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { Ajv, type ErrorObject } from 'ajv'
import { ServiceError, hasCode, messageOf } from '../errors.ts'
import { schemaErrorText } from '../schemas/schema-error.ts'
import { FIELD_NAMES, INGEST_FIELDS, IngestBody, ownerOf } from '../schemas/ingest-body.ts'

export interface CliArguments {
  body: IngestBody
  /** Where a copy of the file goes. */
  out: string | undefined
  /** Whether Parquet files go beside it. */
  tables: boolean
  waitForPause: boolean
  help: boolean
}

const HELP_COLUMN = 22

/** Each field of the body of `POST /ingest` with its option, in the order of the schema. */
const FIELDS = FIELD_NAMES.map(
  (field) => ({ field, option: kebab(field), type: INGEST_FIELDS[field].schema.type as string })
)

/** The fields as lines of the help, with the source of those that only one takes. */
const FIELD_LINES = FIELDS.map(({ field, option }) => {
  const { placeholder, help } = INGEST_FIELDS[field]
  const owner = ownerOf(field)
  const start = `  --${option} ${placeholder ?? ''}`.padEnd(HELP_COLUMN)
  return `${start}${owner === null ? '' : `for source ${owner}: `}${help}`
})

export const USAGE = `npm run -s ingest -- [options]      one run without HTTP

${FIELD_LINES.join('\n')}
  --out DIR           also put the file into this folder
  --tables            also write a Parquet file for each table beside the file
  --wait-for-pause    where Spotify pauses the run, wait until the pause is over and go on
  --help, -h          this text

Progress goes to stderr, the file's path alone to stdout.
Exit code: 0 succeeded, 2 partial, 1 failed or stopped, 75 paused: the same command resumes the run later.`

const OPTIONS = {
  out: { type: 'string' },
  tables: { type: 'boolean' },
  'wait-for-pause': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig

/** A list may be split over several options of the same name. */
const FIELD_OPTIONS: ParseArgsOptionsConfig = Object.fromEntries(FIELDS.map(
  ({ option, type }) => [option, { type: type === 'boolean' ? 'boolean' : 'string', multiple: type === 'array' }]
))

const HINT = '(--help shows the options)'

const isBody = new Ajv({ verbose: true }).compile<IngestBody>(IngestBody)

/**
 * @param env the process's environment, in which npm leaves the options that it has taken for its own. Throws
 * `invalid_request` with what to change.
 */
export function readArguments (args: string[], env: Record<string, string | undefined> = {}): CliArguments {
  refuseTaken(env)
  const values = parse(args)
  const { out, tables = false, help = false, 'wait-for-pause': waitForPause = false } = values
  if (help) return { body: {}, out, tables, waitForPause, help }
  const body = Object.fromEntries(FIELDS.flatMap(({ field, option, type }) => {
    const given = (values as Record<string, OptionValue>)[option]
    return given === undefined
      ? []
      : [[field, type === 'array' ? [given].flat().flatMap(listed) : type === 'integer' ? numberIn(given) : given]]
  }))
  if (!isBody(body)) throw wrong(isBody.errors?.[0])
  return { body, out, tables, waitForPause, help }
}

type OptionValue = string | boolean | Array<string | boolean> | undefined

/** Without the `--` that ends its own options, npm takes ours, and the run would be another one than was asked for. */
function refuseTaken (env: Record<string, string | undefined>): void {
  const taken = Object.keys({ ...OPTIONS, ...FIELD_OPTIONS }).find(
    (option) => option !== 'help' && env[`npm_config_${option.replaceAll('-', '_')}`] !== undefined
  )
  if (taken !== undefined) {
    throw new ServiceError('invalid_request', `npm has taken --${taken} for an option of its ` +
    `own: put a -- before the options, as in npm run -s ingest -- --${taken}`)
  }
}

function parse (args: string[]) {
  try {
    return parseArgs({ args, options: { ...FIELD_OPTIONS, ...OPTIONS }, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new ServiceError('invalid_request', `${messageOf(error).replace(/\s*\n\s*/g, ' ')} ${HINT}`)
  }
}

function listed (value: string | boolean): string[] {
  return String(value).split(',').map((item) => item.trim())
}

function numberIn (value: OptionValue): unknown {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
}

function kebab (field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Translates the service's complaint about a request into the options of the command. */
export function inOptions (error: unknown): unknown {
  if (!hasCode(error, 'invalid_request')) return error
  const names = new RegExp(`(?<![\\w"-])(${FIELDS.map(({ field }) => field).join('|')})(?![\\w"-])`, 'g')
  return new ServiceError(
    'invalid_request', error.message.replace(names, (field) => `--${kebab(field)}`), { cause: error }
  )
}

function wrong (error: ErrorObject | undefined): ServiceError {
  const option = kebab(error?.instancePath.split('/')[1] ?? '')
  const allowed = error === undefined ? 'it is wrong' : `it ${schemaErrorText(error)}`
  return new ServiceError('invalid_request', `--${option} cannot be ${JSON.stringify(error?.data)}: ${allowed} ${HINT}`)
}

import { Ajv, type ErrorObject } from 'ajv'
import type { FastifyInstance } from 'fastify'
import { hasCode } from '../errors.ts'
import { IngestBody } from '../schemas/ingest-body.ts'
import { schemaErrorText } from '../schemas/schema-error.ts'
import { completeRequest } from '../services/runs/request.ts'
import { curlOf } from '../web/curl.ts'
import { FORM_FIELDS, type FormField, type FormValues, toBody } from '../web/start-request.ts'
import type { StartForm } from '../web/views/start-form.ts'

type Errors = StartForm['errors']

/** All flaws together: a form is corrected once. Its size is bounded as that of every body. */
const ajv = new Ajv({ allErrors: true, verbose: true, strict: false })

const LABELS: Record<FormField, string> = {
  source: 'What to fetch',
  limit: 'Albums',
  market: 'Market',
  query: 'Query',
  artistIds: 'Artists',
  albumIds: 'Albums by id',
  pagination: 'Pages',
  refresh: 'Fetch again',
}

/** Checks a form as `POST /ingest` checks its body, and says at which field what is wrong. */
export function checkStart (app: FastifyInstance, values: FormValues): { body: IngestBody, errors: Errors } {
  const body = toBody(values)
  if (!ajv.validate<IngestBody>(IngestBody, body)) return { body: {}, errors: schemaErrors(ajv.errors ?? []) }
  return { body, errors: requestErrors(app, body) }
}

function schemaErrors (found: readonly ErrorObject[]): Errors {
  const errors: Errors = {}
  for (const error of found) {
    const [, field = 'form', item] = error.instancePath.split('/') as [string, (FormField | 'form')?, string?]
    const named = item === undefined ? '' : ` (number ${Number(item) + 1})`
    errors[field] ??= `${field === 'form' ? '' : LABELS[field]}${named} ${schemaErrorText(error)}`
  }
  return errors
}

function requestErrors ({ config }: FastifyInstance, body: IngestBody): Errors {
  try {
    completeRequest(body, config.MAX_ALBUMS_PER_RUN, config.SPOTIFY_MARKET === '' ? null : config.SPOTIFY_MARKET)
    return {}
  } catch (error) {
    if (!hasCode(error, 'invalid_request')) throw error
    return { [FORM_FIELDS.find((name) => name === error.field) ?? 'form']: error.message }
  }
}

/** The form as it is shown again. */
export function startFormOf (
  app: FastifyInstance,
  values: FormValues,
  { origin, hasKeys }: { origin: string, hasKeys: boolean },
  isCurlOpen = false
): StartForm {
  const { body, errors } = checkStart(app, values)
  const isWrong = Object.keys(errors).length > 0
  return {
    values,
    errors,
    curl: isWrong ? null : curlOf(origin, body, hasKeys),
    isCurlOpen,
    maxAlbums: app.config.MAX_ALBUMS_PER_RUN,
  }
}

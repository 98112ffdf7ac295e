import { Ajv, type Options, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyRequest, FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'
import { NO_BODY, NO_QUERY } from '../schemas/nothing.ts'

/**
 * Unknown fields are refused, never dropped. The first flaw ends the check: what a client sends must not decide how
 * much is done. The schemas are not checked against theirs: they are those of the OpenAPI document, which tests check.
 */
const STRICT: Options = {
  allErrors: false, verbose: true, removeAdditional: false, useDefaults: true, validateSchema: false,
}

const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i

const json = withFormats(new Ajv({ ...STRICT, coerceTypes: false }))
const text = withFormats(new Ajv({ ...STRICT, coerceTypes: 'array' }))

/** How requests are checked: bodies as they are, what comes as text (query, path, headers) converted first. */
export default fp(async (app) => {
  app.setValidatorCompiler(({ schema, httpPart }) => compiledOnUse(httpPart === 'body' ? json : text, schema as object))

  app.addHook('onRoute', (route) => {
    const { schema = {} } = route
    if (schema.hide === true) return
    const takesBody = ['POST', 'PUT', 'PATCH', 'DELETE'].includes(String(route.method))
    route.schema = { querystring: NO_QUERY, ...(takesBody ? { body: NO_BODY } : {}), ...schema }
  })

  const parseJson = app.getDefaultJsonParser('error', 'error')

  /**
   * A body of no bytes is no body, whatever its headers say of it; what is not known here is told without looking at
   * its body.
   */
  function parse (
    request: FastifyRequest, body: string, isJson: boolean, done: (error: Error | null, body?: unknown) => void
  ): void {
    if (body === '' || request.is404) done(null, undefined)
    else if (!isJson || !isPlain(request)) done(unsupported())
    else void parseJson(request, body, done)
  }

  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser(
    'application/json', { parseAs: 'string' }, (request, body, done) => parse(request, body as string, true, done)
  )
  app.addContentTypeParser(
    '*', { parseAs: 'string' }, (request, body, done) => parse(request, body as string, false, done)
  )

  /** Fastify refuses a malformed type before any parser could see that there is no body. */
  app.addHook('preParsing', async ({ headers, routeOptions }) => {
    const type = headers['content-type']
    if (routeOptions.config?.takesForm === true && type !== undefined && FORM.test(type.trim())) return
    if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type.trim())) {
      headers['content-type'] = 'application/octet-stream'
    }
  })
}, { name: 'validation' })

/** Compiles a schema at the first request: for all routes it was a tenth of the work before listening. */
function compiledOnUse (ajv: Ajv, schema: object): ReturnType<FastifySchemaCompiler<unknown>> {
  let validate: ValidateFunction | undefined
  return (data) => {
    validate ??= ajv.compile(schema)
    return validate(data) || { error: validate.errors as FastifySchemaValidationError[] }
  }
}

function withFormats (ajv: Ajv): Ajv {
  addFormats.default(ajv)
  return ajv
}

function isPlain ({ headers }: FastifyRequest): boolean {
  return ['', 'identity'].includes((headers['content-encoding'] ?? '').trim().toLowerCase())
}

function unsupported (): ServiceError {
  return new ServiceError(
    'unsupported_media_type',
    "the body must be JSON: send it with 'content-type: application/json', and without a content-encoding"
  )
}

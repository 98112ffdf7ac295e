import { Ajv, type Options } from 'ajv'
import addFormats from 'ajv-formats'
import fp from 'fastify-plugin'
import { NO_BODY, NO_QUERY } from '../schemas/nothing.ts'

/** Unknown fields are refused, never dropped; all that is wrong is told at once. */
const STRICT: Options = { allErrors: true, verbose: true, removeAdditional: false, useDefaults: true }

/** How requests are checked: bodies as they are, what comes as text (query, path, headers) converted first. */
export default fp(async (app) => {
  const json = withFormats(new Ajv({ ...STRICT, coerceTypes: false }))
  const text = withFormats(new Ajv({ ...STRICT, coerceTypes: 'array' }))
  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? json : text).compile(schema as object))

  app.addHook('onRoute', (route) => {
    const { schema = {} } = route
    if (schema.hide === true) return
    const takesBody = ['POST', 'PUT', 'PATCH', 'DELETE'].includes(String(route.method))
    route.schema = { querystring: NO_QUERY, ...(takesBody ? { body: NO_BODY } : {}), ...schema }
  })

  /** `curl -X POST -H 'content-type: application/json'` sends no body: that is no body, not a broken one. */
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parseJson(request, body as string, done)
  })
}, { name: 'validation' })

function withFormats (ajv: Ajv): Ajv {
  addFormats.default(ajv)
  return ajv
}

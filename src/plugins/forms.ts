import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'
import { isFormToken } from './session-token.ts'

/**
 * Forms of the pages, for routes that take them. Where a cookie says who sends one, it must have the token that only a
 * page of this service can know; where none does, the origin guard has looked at it.
 */
export default fp(async (app) => {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)))
  })

  app.addHook('preHandler', async (request) => {
    const { config } = request.routeOptions
    if (config?.takesForm !== true || config.isPublic === true) return
    const session = app.session(request)
    if (session === null || isFormToken(formIn(request.body).get('token'), session)) return
    throw new ServiceError(
      'forbidden_origin',
      'this form is of another session, or of another site: load the page again and send it from there'
    )
  })
}, { name: 'forms', dependencies: ['auth', 'validation'] })

/** The fields of a form; none where the body is no form. */
export function formIn (body: unknown): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams()
}

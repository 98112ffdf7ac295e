import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Answer, json } from '../http/answers.ts'
import { prepare } from '../calls/deliver.ts'
import { faultAnswer } from '../faults/fault-answers.ts'
import type { World } from '../calls/sandbox.ts'

interface Credentials { readonly id: string, readonly secret: string }

/** Spotify tutorial: Client Credentials Flow. Credentials are in Basic authorization or in the form. */
export function tokenRoute (app: FastifyInstance, world: World): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)))
  })
  app.post('/api/token', async (request, reply) => {
    const arrivedAtMs = performance.now()
    const record = world.recorder.arrive('token')
    const send = prepare(world, record, reply, decide(world, request))
    await world.delay(arrivedAtMs)
    return send()
  })
}

function decide (world: World, request: FastifyRequest): Answer {
  const fault = world.faults.strike({ endpoint: 'token', albumIds: [], hasData: true })
  if (fault !== null) world.recorder.struck(fault.kind)
  const answer = (fault && faultAnswer(fault)) ?? truth(world, request)
  if (answer.kind !== 'json' || answer.status !== 200) return answer
  if (fault?.kind === 'cut-body') return { kind: 'cut', body: answer.body }
  if (fault?.kind === 'token-expires-huge') return { ...answer, body: { ...answer.body as object, expires_in: 1e13 } }
  return answer
}

function truth (world: World, request: FastifyRequest): Answer {
  const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
  const { clientId, clientSecret, tokenLifetimeS, tokenExpiresInS } = world.settings
  const credentials = basicCredentials(request.headers.authorization) ?? formCredentials(form)
  if (credentials === null) return json({ error: 'invalid_client' }, 400)
  if (credentials.id !== clientId || credentials.secret !== clientSecret) {
    return oauthError('invalid_client', 'Invalid client')
  }
  if (form.get('grant_type') !== 'client_credentials') {
    return oauthError('unsupported_grant_type', 'grant_type must be client_credentials')
  }
  world.recorder.tokenIssued()
  return json({
    access_token: world.tokens.issue(tokenLifetimeS),
    token_type: 'Bearer',
    expires_in: tokenExpiresInS ?? Math.ceil(tokenLifetimeS),
  })
}

function oauthError (error: string, description: string): Answer {
  return json({ error, error_description: description }, 400)
}

function basicCredentials (authorization = ''): Credentials | null {
  const encoded = /^Basic (\S+)$/i.exec(authorization)?.[1]
  if (encoded === undefined) return null
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':')
  return { id, secret: secret.join(':') }
}

function formCredentials (form: URLSearchParams): Credentials | null {
  const id = form.get('client_id')
  const secret = form.get('client_secret')
  return id === null || secret === null ? null : { id, secret }
}

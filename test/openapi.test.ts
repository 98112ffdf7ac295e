import { readFile } from 'node:fs/promises'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { request } from 'undici'
import { IngestBody } from '../src/schemas/ingest-body.ts'
import { patternText } from '../src/schemas/pattern.ts'
import { createResponseCheck, type OpenApi, type Seen } from './response-check.ts'
import { type Service, startService } from './service.ts'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security?: object[]
  parameters?: Array<{ name: string }>
  requestBody?: { required: boolean, content: Record<string, { examples: Record<string, { value: object }> }> }
  responses: Record<
    string,
    {
      description: string
      headers: Record<string, { required?: boolean }>
      content?: Record<string, { schema: { $ref?: string } }>
    }
  >
}
type Described = OpenApi & {
  info: { version: string }
  security: object[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, { properties: Record<string, { maximum?: number }> }> }
}

async function documentOf (service: Service): Promise<Described> {
  return (await service.app.inject('/openapi.json')).json<Described>()
}

function operationsOf ({ paths }: Described): Array<Operation & { path: string, method: string }> {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method }))
  )
}

t.test('GET /openapi.json is valid OpenAPI 3.1, as two validators see it', async (t) => {
  const service = await startService(t)
  const answer = await service.get('/openapi.json')
  t.match(answer.headers['content-type'], /^application\/json/)
  const text = await answer.body.text()
  const validator = new Validator()
  t.match(await validator.validate(JSON.parse(text) as Record<string, unknown>), { valid: true })
  t.equal(validator.version, '3.1')
  const problems = await lintFromString({ source: text, config: await createConfig({ extends: ['recommended'] }) })
  t.strictSame(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`), [])
})

t.test('every route is in the document, with what a client wants to know of it', async (t) => {
  const service = await startService(t)
  const document = await documentOf(service)
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
  t.equal(document.info.version, version)
  const operations = operationsOf(document)
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()
  t.strictSame(described, [
    'DELETE /runs/{id}',
    'GET /contract',
    'GET /diagnose',
    'GET /health/live',
    'GET /health/ready',
    'GET /openapi.json',
    'GET /releases',
    'GET /releases.atom',
    'GET /releases.json',
    'GET /runs',
    'GET /runs/latest',
    'GET /runs/latest/tables',
    'GET /runs/latest/tables/{table}',
    'GET /runs/{id}',
    'GET /runs/{id}/changes',
    'GET /runs/{id}/events',
    'GET /runs/{id}/quality',
    'GET /runs/{id}/ready',
    'GET /runs/{id}/status',
    'GET /runs/{id}/tables',
    'GET /runs/{id}/tables/{table}',
    'GET /runs/{id}/timeline',
    'POST /ingest',
    'POST /runs/{id}/cancel',
    'POST /runs/{id}/resume',
  ])
  t.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
  for (const { method, path, summary, tags, responses } of operations) {
    t.ok(summary.length > 0 && tags.length === 1, `${method} ${path}`)
    for (const [status, { description, headers, content = {} }] of Object.entries(responses)) {
      t.ok(description.length > 0 && headers['x-request-id']?.required === true, `${method} ${path} ${status}`)
      if (Number(status) >= 400) {
        t.strictSame(Object.keys(content), ['application/problem+json'], `${method} ${path} ${status}`)
      }
    }
  }
})

t.test('clients get named types: the schemas that recur are components', async (t) => {
  const document = await documentOf(await startService(t))
  const names = [
    'Album', 'Artist', 'Changes', 'ColumnProfile', 'Cost', 'DataContract', 'Diagnosis', 'Document', 'Gap', 'Health',
    'IngestBody', 'ListingEnd',
    'Problem', 'Progress', 'QualityBaseline', 'QualityCheck', 'QualityReport', 'QualityVerdict', 'Release', 'Run',
    'TableList',
  ]
  t.strictSame(names.filter((name) => !Object.hasOwn(document.components.schemas, name)), [])
  t.equal(
    document.paths['/runs/{id}/status']?.['get']?.responses['200']?.content?.['application/json']?.schema.$ref,
    '#/components/schemas/Run'
  )
})

t.test('headers, formats and examples are there', async (t) => {
  const { paths } = await documentOf(await startService(t))
  const start = paths['/ingest']?.['post']
  t.match(start?.responses['202']?.headers, { location: { required: true }, 'retry-after': { required: true } })
  t.strictSame(start?.parameters?.map(({ name }) => name), ['wait', 'idempotency-key', 'prefer'])
  t.equal(start?.requestBody?.required, false)
  const document = paths['/runs/{id}']?.['get']?.responses['200']
  t.match(document?.headers, { etag: {}, 'content-disposition': {} })
  t.strictSame(Object.keys(document?.content ?? {}), ['application/json', 'application/x-ndjson', 'text/csv'])
  t.ok(paths['/runs/{id}/events']?.['get']?.responses['200']?.content?.['text/event-stream'])
})

t.test('each pattern of a request has a text for what does not match it', async (t) => {
  const { paths } = await documentOf(await startService(t))
  const requests = Object.values(paths).flatMap((methods) => Object.values(methods)).map(({ parameters }) => parameters)
  const patterns = [...JSON.stringify([requests, IngestBody]).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
    ([, pattern = '']) => JSON.parse(pattern) as string
  )
  t.ok(patterns.length >= 6)
  for (const pattern of patterns) t.not(patternText(pattern), null, pattern)
})

t.test('the examples of POST /ingest are accepted', async (t) => {
  const service = await startService(t)
  const { paths } = await documentOf(service)
  const examples = Object.entries(paths['/ingest']?.['post']?.requestBody?.content['application/json']?.examples ?? {})
  t.ok(examples.length > 0)
  for (const [name, { value }] of examples) {
    t.equal((await service.app.inject({ method: 'POST', url: '/ingest', payload: value })).statusCode, 202, name)
  }
})

t.test('the document is of this service: its limit, and whether a key is wanted', async (t) => {
  const open = await documentOf(await startService(t, { env: { MAX_ALBUMS_PER_RUN: '77' } }))
  t.equal(open.components.schemas['IngestBody']?.properties['limit']?.maximum, 77)
  t.strictSame(open.security, [{}, { bearer: [] }, { apiKey: [] }])
  const closed = await startService(t, { env: { API_KEYS: 'one' } })
  for (const path of ['/openapi.json', '/docs', '/docs/json']) t.equal((await closed.get(path)).statusCode, 401, path)
  const document = (
    await closed.app.inject({ url: '/openapi.json', headers: { 'x-api-key': 'one' } })
  ).json<Described>()
  t.strictSame(document.security, [{ bearer: [] }, { apiKey: [] }])
  for (const { path, security } of operationsOf(document)) {
    t.strictSame(security, path.startsWith('/health/') ? [] : undefined, path)
  }
})

t.test('GET /docs: a page whose parts all come from here, and which its ' +
  'content security policy lets work', async (t) => {
  const service = await startService(t)
  const page = await request(`${service.url}/docs`)
  t.equal(page.statusCode, 200)
  const policy = String(page.headers['content-security-policy'])
  t.match(policy, /script-src 'self';/)
  t.notMatch(policy, /https?:|upgrade-insecure-requests/, 'nothing from elsewhere, and plain HTTP works')
  const html = await page.body.text()
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path)
  t.ok(parts.length >= 5)
  t.notMatch(
    html,
    /<script>|<script [^>]*>\s*\S+\s*<\/script>| on\w+=/,
    'no script in the page, which the policy would stop'
  )
  for (const path of parts) {
    t.match(path, /^\/docs\/static\//)
    const part = await request(service.url + path)
    t.equal(part.statusCode, 200, path)
    await part.body.dump()
  }
  const start = await (await service.get('/docs/static/swagger-initializer.js')).body.text()
  t.match(start, /validatorUrl": ?null/)
  t.strictSame(await (await service.get('/docs/json')).body.json(), await documentOf(service))
})

t.test('the check that every whole-service test runs finds what is wrong', async (t) => {
  const service = await startService(t)
  const check = createResponseCheck(await documentOf(service))
  const run = await service.ingest({ limit: 1 })
  const document = await service.document(run.id)
  const seen = (change: Partial<Seen> & { value?: unknown } = {}): Seen => {
    const { value = run, ...rest } = change
    return {
      method: 'GET',
      route: '/runs/:id/status',
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-request-id': '1' },
      body: Buffer.from(JSON.stringify(value)),
      isWhole: true,
      ...rest,
    }
  }
  t.equal(check(seen()), null)
  t.match(check(seen({ status: 418 })), /status 418 is not in the document/)
  t.match(check(seen({ headers: { 'content-type': 'application/json' } })), /lacks the header x-request-id/)
  t.match(check(seen({ headers: { 'content-type': 'text/html', 'x-request-id': '1' } })), /content type "text\/html"/)
  t.match(check(seen({ value: { ...run, status: 'done' } })), /status must be equal to one of the allowed values/)
  t.match(check(seen({ value: { ...run, gaps: [{}] } })), /gaps\/0 must have required property/)
  t.match(check(seen({ value: { ...run, secret: 1 } })), /must NOT have additional properties/)
  t.match(check(seen({ route: '/secret' })), /is not in the document/)
  t.match(check(seen({ route: undefined, status: 404, value: { error: 'no' } })), /no problem document/)
  const headers = { ...seen().headers, etag: '"1"' }
  t.equal(check(seen({ route: '/runs/:id', headers, value: document })), null)
  t.match(check(seen({ route: '/runs/:id', headers, value: { ...document, albums: [{ id: 1 }] } })), /must/)
  const text = `${JSON.stringify({ ...document, albums: [] }).slice(0, -2)}\n${JSON.stringify(document.albums[0])},\n`
  t.equal(
    check(seen({ route: '/runs/:id', headers, body: Buffer.from(`${text}{"id":"cut`), isWhole: false })),
    null,
    'of a large document, what there is of it'
  )
  t.match(
    check(seen({ route: '/runs/:id', headers, body: Buffer.from(`${text}{"id":1},\n{"id":"cut`), isWhole: false })),
    /must/
  )
})

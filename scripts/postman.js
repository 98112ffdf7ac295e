import { createHash } from 'node:crypto'
import { madeFile } from './made-file.js'
import { openApiDocument } from './openapi-document.js'

/*
 * Makes postman/ from the OpenAPI document: a flow that drives one run from its start to its deletion, and every operation to try.
 * Every id is derived from a name, so that the same document gives the same files.
 */

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'

/** What an operation of the flow is sent, what it must answer, and what is kept of it for the ones after. */
const FLOW = [
  { name: 'The service is ready', operation: 'isReady', status: 200 },
  { name: 'Its description', operation: 'getOpenApi', status: 200, tests: ["pm.expect(pm.response.json().openapi).to.eql('3.1.0')"] },
  { name: 'What the credentials can do', operation: 'diagnose', status: 200, query: { refresh: 'true' }, tests: ['pm.expect(pm.response.json().token.ok).to.eql(true)'] },
  {
    name: 'Start a run',
    operation: 'startRun',
    status: 202,
    body: { limit: 20 },
    headers: { 'idempotency-key': '{{key}}' },
    before: "pm.collectionVariables.set('key', pm.variables.replaceIn('postman-{{$guid}}'))",
    tests: ["pm.expect(pm.response.headers.get('location')).to.eql('/runs/' + pm.response.json().id)", "pm.collectionVariables.set('id', pm.response.json().id)"],
  },
  {
    name: 'Start it again: the same run',
    operation: 'startRun',
    status: 202,
    body: { limit: 20 },
    headers: { 'idempotency-key': '{{key}}' },
    tests: ["pm.expect(pm.response.json().id).to.eql(pm.collectionVariables.get('id'))"],
  },
  { name: 'The key with another request', operation: 'startRun', status: 422, body: { limit: 21 }, headers: { 'idempotency-key': '{{key}}' }, tests: code('idempotency_key_reused') },
  { name: 'A wrong request', operation: 'startRun', status: 400, body: { limit: 0 }, tests: code('invalid_request') },
  { name: 'Wait for its end', operation: 'getRun', status: 200, query: { wait: '60' }, tests: ["pm.expect(pm.response.json().status).to.eql('succeeded')", 'pm.expect(pm.response.json().gaps).to.eql([])'] },
  { name: 'It is ready', operation: 'isRunReady', status: 200 },
  { name: 'Its events', operation: 'watchRun', status: 200, tests: ["pm.expect(pm.response.text()).to.include('event: end')"] },
  {
    name: 'Its document',
    operation: 'getDocument',
    status: 200,
    tests: ['pm.expect(pm.response.json().albums).to.have.lengthOf(20)', 'pm.expect(pm.response.json().albums.every(({ tracks }) => tracks.next === null)).to.eql(true)', "pm.collectionVariables.set('etag', pm.response.headers.get('etag'))"],
  },
  { name: 'Its document has not changed', operation: 'getDocument', status: 304, headers: { 'if-none-match': '{{etag}}' } },
  { name: 'Its document as a table', operation: 'getDocument', status: 200, query: { format: 'csv' }, tests: ['pm.expect(pm.response.text()).to.match(/^album_id,/)'] },
  { name: 'Its tables', operation: 'listTables', status: 200, tests: ["pm.expect(pm.response.json().tables.map(({ name }) => name)).to.include('tracks')"] },
  { name: 'Its tracks, as NDJSON', operation: 'getTable', status: 200, query: { format: 'ndjson' }, tests: ["pm.expect(JSON.parse(pm.response.text().split('\\n')[0]).run_id).to.eql(pm.collectionVariables.get('id'))"] },
  { name: 'What was checked in its document', operation: 'getQuality', status: 200, tests: ["pm.expect(pm.response.json().runId).to.eql(pm.collectionVariables.get('id'))", 'pm.expect(pm.response.json().checks).to.not.be.empty'] },
  { name: 'Its history', operation: 'getTimeline', status: 200, tests: ['pm.expect(pm.response.json().points.at(-1).albumsFetched).to.eql(20)'] },
  { name: 'Compared with itself, nothing has changed', operation: 'getChanges', status: 200, query: { since: '{{id}}' }, tests: ['pm.expect(pm.response.json().counts).to.eql({ added: 0, changed: 0, delisted: 0, unknown: 0 })'] },
  { name: 'The first release that was seen', operation: 'listReleases', status: 200, query: { limit: '1' }, tests: ['pm.expect(pm.response.json().releases).to.have.lengthOf(1)', 'pm.expect(pm.response.json().nextCursor).to.be.a("string")'] },
  { name: 'The newest document', operation: 'getLatestDocument', status: 200, tests: ["pm.expect(pm.response.json().id).to.eql(pm.collectionVariables.get('id'))"] },
  { name: 'The runs', operation: 'listRuns', status: 200, query: { limit: '1' }, tests: ["pm.expect(pm.response.json().runs[0].id).to.eql(pm.collectionVariables.get('id'))"] },
  { name: 'It cannot be canceled any more', operation: 'cancelRun', status: 409, tests: code('run_finished') },
  { name: 'It cannot go on: nothing is missing', operation: 'resumeRun', status: 409, tests: code('run_not_resumable') },
  { name: 'Delete it', operation: 'deleteRun', status: 204 },
  { name: 'It is gone', operation: 'getRun', status: 404, tests: code('run_not_found') },
]

/** What stands in the path of a request for a parameter. */
const VARIABLES = { '{id}': '{{id}}', '{table}': 'tracks' }

function code (code) {
  return [`pm.expect(pm.response.json().code).to.eql('${code}')`]
}

const document = await openApiDocument()
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })))

const collection = {
  info: { _postman_id: idOf('collection'), name: document.info.title, description: document.info.description, schema: SCHEMA },
  auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{apiKey}}', type: 'string' }] },
  variable: [{ key: 'id', value: '' }, { key: 'key', value: '' }, { key: 'etag', value: '' }],
  item: [
    { name: 'One run, from start to deletion', description: 'Run this folder: each request tests its answer.', item: FLOW.map(flowItem) },
    ...document.tags.map(({ name, description }) => ({ name, description, item: operations.filter(({ tags }) => tags[0] === name).map(operationItem) })),
  ],
}
const environment = {
  id: idOf('environment'),
  name: `${document.info.title} on this machine`,
  values: [{ key: 'baseUrl', value: 'http://127.0.0.1:3000', enabled: true }, { key: 'apiKey', value: '', type: 'secret', enabled: true }],
  _postman_variable_scope: 'environment',
}

await madeFile('postman/collection.json', json(collection), 'npm run postman')
await madeFile('postman/environment.json', json(environment), 'npm run postman')

function flowItem ({ name, operation: operationId, status, query = {}, headers = {}, body, before, tests = [] }) {
  const operation = operations.find((one) => one.operationId === operationId)
  if (operation === undefined || !(status in operation.responses)) throw new Error(`the flow wants ${operationId} to answer ${status}, which it does not`)
  const exec = [`pm.test('${status}', () => pm.response.to.have.status(${status}))`, ...tests.map((test) => test.startsWith('pm.expect') ? `pm.test(${JSON.stringify(test)}, () => ${test})` : test)]
  return {
    id: idOf(`flow ${name}`),
    name,
    event: [...(before === undefined ? [] : [script('prerequest', [before])]), script('test', exec)],
    request: requestOf(operation, query, headers, body),
  }
}

/** One request for each example of the body, or one; what may be left out is there and switched off. */
function operationItem (operation) {
  const examples = Object.values(operation.requestBody?.content['application/json'].examples ?? {})
  const statuses = Object.keys(operation.responses).map(Number)
  const request = (body) => requestOf(operation, {}, {}, body)
  const item = (name, body) => ({
    id: idOf(`${operation.operationId} ${name}`),
    name,
    event: [script('test', [`pm.test('a documented status', () => pm.expect(pm.response.code).to.be.oneOf(${JSON.stringify(statuses)}))`])],
    request: request(body),
  })
  if (examples.length === 0) return item(operation.summary)
  return { name: operation.summary, description: operation.description, item: examples.map(({ summary, value }) => item(summary, value)) }
}

function requestOf ({ method, path, summary, description, security, parameters = [] }, query, headers, body) {
  const segments = path.slice(1).split('/')
  const queries = parametersIn(parameters, 'query', query)
  return {
    method,
    description: description ?? summary,
    ...(security?.length === 0 ? { auth: { type: 'noauth' } } : {}),
    header: [...parametersIn(parameters, 'header', headers), ...(body === undefined ? [] : [{ key: 'content-type', value: 'application/json' }])],
    url: {
      raw: `{{baseUrl}}/${segments.map(toVariable).join('/')}${queryText(queries)}`,
      host: ['{{baseUrl}}'],
      path: segments.map(toVariable),
      query: queries,
    },
    ...(body === undefined ? {} : { body: { mode: 'raw', raw: JSON.stringify(body, null, 2), options: { raw: { language: 'json' } } } }),
  }
}

function parametersIn (parameters, place, given) {
  return parameters.filter((parameter) => parameter.in === place).map(({ name, description }) => ({ key: name, value: given[name] ?? '', description, ...(name in given ? {} : { disabled: true }) }))
}

function queryText (queries) {
  const used = queries.filter(({ disabled }) => disabled !== true)
  return used.length === 0 ? '' : `?${used.map(({ key, value }) => `${key}=${value}`).join('&')}`
}

function toVariable (segment) {
  return VARIABLES[segment] ?? segment
}

function script (listen, exec) {
  return { listen, script: { type: 'text/javascript', exec } }
}

/** A UUID by a name. */
function idOf (name) {
  return createHash('sha256').update(name).digest('hex').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5')
}

function json (value) {
  return `${JSON.stringify(value, null, 2)}\n`
}

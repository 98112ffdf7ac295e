import addFormats from 'ajv-formats'
import { Ajv2019 } from 'ajv/dist/2019.js'
import t from 'tap'
import { parse } from 'yaml'
import { CONTRACT_RULES } from '../../src/services/contract/contract-rules.ts'
import { TABLES } from '../../src/services/tables/tables.ts'
import { VERSION } from '../../src/version.ts'
import { startService } from '../service.ts'
import { ODCS } from '../services/contract/odcs.ts'

interface Property { name: string, relationships?: Array<{ to: string }>, quality?: Array<{ name: string }> }
interface Contract {
  version: string
  servers?: object[]
  slaProperties?: object[]
  schema: Array<{
    name: string
    properties: Property[]
    relationships?: Array<{ from: string[], to: string[] }>
    quality?: Array<{ name: string }>
  }>
}

function validator (): (contract: unknown) => string {
  const ajv = new Ajv2019({ strict: false, allErrors: true, inlineRefs: false })
  addFormats.default(ajv)
  const validate = ajv.compile(ODCS)
  return (contract) => validate(contract) ? '' : ajv.errorsText(validate.errors)
}

t.test('GET /contract is YAML or JSON of the same contract, which is as ODCS 3.1 wants it', async (t) => {
  const service = await startService(t)
  const yaml = await service.get('/contract')
  t.equal(yaml.headers['content-type'], 'application/yaml; charset=utf-8')
  const contract = parse(await yaml.body.text()) as Contract
  t.equal(validator()(contract), '')
  t.equal(contract.version, VERSION)
  const json = await service.get('/contract?format=json')
  t.match(json.headers['content-type'], /^application\/json/)
  t.strictSame(await json.body.json(), contract)
  t.strictSame(
    (await service.app.inject({ url: '/contract', headers: { accept: 'application/json' } })).json(),
    contract
  )
  const refused = await service.app.inject('/contract?format=xml')
  t.equal(refused.statusCode, 406)
  t.match(refused.json(), { code: 'not_acceptable', detail: /\?format= takes yaml, json/ })
})

t.test('it names the service and the retention where there are any', async (t) => {
  const service = await startService(t, { env: { PUBLIC_URL: 'https://music.example/ingest', RETENTION_DAYS: '7' } })
  const contract = (await service.app.inject('/contract?format=json')).json<Contract>()
  t.equal(validator()(contract), '')
  t.match(contract.servers, [{ type: 'api', location: 'https://music.example/ingest' }])
  t.match(contract.slaProperties, [{ property: 'retention', value: 7, unit: 'd' }])
  const other = await startService(t, { env: { RETENTION_DAYS: '0' } })
  t.strictSame(
    (({ servers, slaProperties }) => ({ servers, slaProperties }))(
      (await other.app.inject('/contract?format=json')).json<Contract>()
    ),
    { servers: undefined, slaProperties: undefined }
  )
})

t.test('each rule is in it once, where it belongs, and each relationship leads to a column', async (t) => {
  const { schema } = (await (await startService(t)).app.inject('/contract?format=json')).json<Contract>()
  const columns = new Set(
    schema.flatMap(({ name, properties }) => properties.map((property) => `${name}.${property.name}`))
  )
  const rules = schema.flatMap(({ name: table, properties, quality = [] }) => [
    ...quality.map(({ name }) => ({ name, table, column: null as string | null })),
    ...properties.flatMap(({ name: column, quality = [] }) => quality.map(({ name }) => ({ name, table, column }))),
  ])
  const byName = (a: { name: string }, b: { name: string }): number => a.name < b.name ? -1 : 1
  t.strictSame(
    rules.sort(byName),
    CONTRACT_RULES.map(({ name, table, column }) => ({ name, table, column })).sort(byName)
  )
  t.equal(new Set(rules.map(({ name }) => name)).size, rules.length)
  const ends = schema.flatMap(({ properties, relationships = [] }) => [
    ...properties.flatMap(({ relationships = [] }) => relationships.map(({ to }) => to)),
    ...relationships.flatMap(({ from, to }) => [...from, ...to]),
  ])
  t.ok(ends.length >= 8)
  for (const end of ends) t.ok(columns.has(end), end)
})

t.test('a contract that is wrong does not pass', async (t) => {
  const contract = (await (await startService(t)).app.inject('/contract?format=json')).json<Contract>()
  const [table] = contract.schema
  const wrong: Array<[change: (copy: Contract) => void, message: RegExp]> = [
    [(copy) => { Object.assign(copy, { apiVersion: 'v2' }) }, /apiVersion/],
    [(copy) => { Object.assign(copy, { columns: [] }) }, /additional properties/],
    [(copy) => { Object.assign(copy.schema[0]?.properties[0] ?? {}, { logicalType: 'UTF8' }) }, /logicalType/],
    [
      (copy) => {
        copy.schema[0]?.properties[0]?.quality?.push({
          name: 'x',
          type: 'library',
          dimension: 'validity',
          metric: 'nullValues',
          mustBe: 0,
        } as never)
      },
      /dimension/,
    ],
    [
      (copy) => {
        copy.schema[0]?.properties[0]?.quality?.push({ name: 'x', type: 'sql', query: 'select 1' } as never)
      },
      /oneOf/,
    ],
    [
      (copy) => {
        copy.schema[0]?.properties[0]?.quality?.push({ name: 'x', type: 'text', description: 'x', mustBe: 0 } as never)
      },
      /unevaluated/,
    ],
    [
      (copy) => {
        copy.schema[0]?.properties[0]?.quality?.push({
          name: 'x',
          type: 'sql',
          query: 'select 1',
          mustBe: 0,
          engine: 'x',
        } as never)
      },
      /unevaluated/,
    ],
    [
      (copy) => {
        copy.schema[0]?.properties[0]?.quality?.push({ name: 'x', metric: 'freshness', mustBe: 0 } as never)
      },
      /metric/,
    ],
    [(copy) => { Object.assign(copy.schema[0]?.properties[0] ?? {}, { nullable: true }) }, /unevaluated/],
    [
      (copy) => {
        Object.assign(copy.schema[0]?.properties[0] ?? {}, { relationships: [{ to: 'albums album_id' }] })
      },
      /pattern/,
    ],
    [
      (copy) => {
        copy.schema[0]?.properties[0]?.quality?.push({
          name: 'x',
          type: 'library',
          metric: 'nullValues',
          mustBe: 0,
          mustNotBe: 1,
        } as never)
      },
      /oneOf/,
    ],
    [
      (copy) => {
        Object.assign(copy.schema[0]?.properties[0] ?? {}, { logicalTypeOptions: { format: 'yyyy', minItems: 1 } })
      },
      /additional properties/,
    ],
    [
      (copy) => {
        Object.assign(copy.schema[0]?.properties[0] ?? {}, { relationships: [{ from: 'a.b', to: 'c.d' }] })
      },
      /additional properties/,
    ],
    [
      (copy) => {
        Object.assign(copy, { servers: [{ server: 'x', type: 'api', location: 'https://music.example', port: 80 }] })
      },
      /additional properties/,
    ],
    [(copy) => { Object.assign(copy, { servers: [{ server: 'x', type: 'api' }] }) }, /location/],
    [(copy) => { Object.assign(copy, { slaProperties: [{ property: 'retention', value: [30] }] }) }, /value/],
  ]
  t.equal(table?.name, TABLES[0]?.name)
  for (const [change, message] of wrong) {
    const copy = structuredClone(contract)
    change(copy)
    t.match(validator()(copy), message)
  }
})

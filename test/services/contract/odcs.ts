/**
 * The clauses of the JSON Schema of the Open Data Contract Standard 3.1.0 (draft 2019-09), restated after reading all
 * of it: every part that
 * a contract of tables may have, without prices, teams, roles and support, and of the thirty types of servers the one
 * that the contract has.
 * What is left out fails here, since every object is closed. `id` and the patterns of references came with the edition
 * of 2026-02-23.
 * Source: bitol-io/open-data-contract-standard, schema/odcs-json-schema-v3.1.0.json and
 * schema/odcs-json-schema-v3.1.0-2026-02-23.json
 */
type Schema = Record<string, unknown>

const text = { type: 'string' }
const flag = { type: 'boolean' }
const number = { type: 'number' }
const integer = { type: 'integer' }
const count = { type: 'integer', minimum: 0 }
const tags = list(text)
const stableId = { type: 'string', pattern: '^[A-Za-z0-9_-]+$' }
const scalar = { type: ['string', 'number', 'boolean', 'null'] }

function list (items: unknown, more: Schema = {}): Schema {
  return { type: 'array', items, ...more }
}

function closed (required: string[], properties: Schema): Schema {
  return { type: 'object', additionalProperties: false, required, properties }
}

/** Objects whose further properties depend on a value of theirs: what no branch names fails. */
function branching (required: string[], properties: Schema, allOf: Schema[]): Schema {
  return { type: 'object', required, properties, allOf, unevaluatedProperties: false }
}

function where (condition: Schema, consequence: Schema): Schema {
  return { if: condition, then: consequence }
}

/** A value that is absent fulfils `is`; `isGiven` demands it. */
function is (name: string, value: string): Schema {
  return { properties: { [name]: { const: value } } }
}

function isGiven (name: string, value: string): Schema {
  return { ...is(name, value), required: [name] }
}

const authoritativeDefinitions = list(
  closed(['url', 'type'], { id: stableId, url: text, type: text, description: text })
)
const customProperties = list(
  closed(['property', 'value'], { id: stableId, property: text, value: {}, description: text })
)

const range = list(number, { minItems: 2, maxItems: 2, uniqueItems: true })
const OPERATORS: Schema = {
  mustBe: {},
  mustNotBe: {},
  mustBeGreaterThan: number,
  mustBeGreaterOrEqualTo: number,
  mustBeLessThan: number,
  mustBeLessOrEqualTo: number,
  mustBeBetween: range,
  mustNotBeBetween: range,
}
const oneOperator = {
  oneOf: Object.entries(OPERATORS).map(([name, value]) => ({ properties: { [name]: value }, required: [name] })),
}
const METRICS = ['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount']

const rule = branching([], {
  id: stableId,
  name: text,
  description: text,
  type: { enum: ['text', 'library', 'sql', 'custom'] },
  dimension: {
    enum: ['accuracy', 'completeness', 'conformity', 'consistency', 'coverage', 'timeliness', 'uniqueness'],
  },
  severity: text,
  businessImpact: text,
  unit: text,
  method: text,
  schedule: text,
  scheduler: text,
  tags,
  authoritativeDefinitions,
  customProperties,
}, [
  where({ anyOf: [isGiven('type', 'library'), { properties: { metric: text }, required: ['metric'] }] }, {
    required: ['metric'],
    properties: { metric: { enum: METRICS }, rule: text, arguments: { type: 'object' } },
    allOf: [oneOperator],
  }),
  where(isGiven('type', 'sql'), { required: ['query'], properties: { query: text }, allOf: [oneOperator] }),
  where(isGiven('type', 'custom'), {
    required: ['engine', 'implementation'],
    properties: { engine: text, implementation: { type: ['string', 'object'] } },
  }),
])

const foreignKey = { enum: ['foreignKey'] }
const NAME = '[A-Za-z_][A-Za-z0-9_]*'
/** `table.column`, or a path of ids, which may be in another file. */
const reference = {
  type: 'string',
  anyOf: [
    { pattern: `^${NAME}\\.${NAME}$` },
    {
      pattern: `^(?:(?:https?:\\/\\/)?[A-Za-z0-9._\\-\\/]+\\.yaml#)?\\/?${NAME}\\/[A-Za-z0-9_-]+(?:\\/${NAME}\\/[A-Za-z0-9_-]+)*$`,
    },
  ],
}
const references = list(reference, { minItems: 1 })

const INTEGER_FORMATS = ['i8', 'i16', 'i32', 'i64', 'i128', 'u8', 'u16', 'u32', 'u64', 'u128']

function bounds (value: Schema): Schema {
  return { minimum: value, maximum: value, exclusiveMinimum: value, exclusiveMaximum: value }
}

const numeric = { ...bounds(number), multipleOf: { type: 'number', exclusiveMinimum: 0 } }
const timed = { ...bounds(text), format: text, timezone: flag, defaultTimezone: text }

/** An absent type fulfils each condition, so that only a property with a type may have options. */
function optionsOf (logicalType: string, properties: Schema, more: Schema = {}): Schema {
  return where(is('logicalType', logicalType), { properties: { logicalTypeOptions: closed([], properties), ...more } })
}

const element = {
  id: stableId,
  name: text,
  physicalName: text,
  physicalType: text,
  businessName: text,
  description: text,
  tags,
  authoritativeDefinitions,
  customProperties,
  quality: list({ $ref: '#/$defs/rule' }),
}

/** A column: no table of ours has columns in a column. */
const property = branching(['name'], {
  ...element,
  logicalType: { enum: ['string', 'date', 'timestamp', 'time', 'number', 'integer', 'object', 'array', 'boolean'] },
  logicalTypeOptions: { type: 'object' },
  required: flag,
  unique: flag,
  primaryKey: flag,
  primaryKeyPosition: integer,
  partitioned: flag,
  partitionKeyPosition: integer,
  classification: text,
  encryptedName: text,
  transformSourceObjects: list(text),
  transformLogic: text,
  transformDescription: text,
  examples: list({}),
  criticalDataElement: flag,
  relationships: list(closed(['to'], { type: foreignKey, to: { oneOf: [reference, references] }, customProperties })),
}, [
  optionsOf('string', { minLength: count, maxLength: count, pattern: text, format: text }),
  optionsOf('date', { ...bounds(text), format: text }),
  optionsOf('timestamp', timed),
  optionsOf('time', timed),
  optionsOf('integer', { ...numeric, format: { enum: INTEGER_FORMATS } }),
  optionsOf('number', { ...numeric, format: { enum: ['f32', 'f64'] } }),
  optionsOf('object', {
    maxProperties: count,
    minProperties: count,
    required: list(text, { minItems: 1, uniqueItems: true }),
  }),
  optionsOf('array', { maxItems: count, minItems: count, uniqueItems: flag }),
])

const table = closed(['name'], {
  ...element,
  logicalType: { enum: ['object'] },
  dataGranularityDescription: text,
  properties: list({ $ref: '#/$defs/property' }),
  relationships: list({
    ...closed(['from', 'to'], {
      type: foreignKey,
      from: { oneOf: [reference, references] },
      to: { oneOf: [reference, references] },
      customProperties,
    }),
    oneOf: [{ properties: { from: text, to: text } }, { properties: { from: list(text), to: list(text) } }],
  }),
})

const server = closed(['server', 'type', 'location'], {
  id: stableId,
  server: text,
  type: { const: 'api' },
  location: { type: 'string', format: 'uri' },
  description: text,
  environment: text,
  customProperties,
})

const contract = closed(['version', 'apiVersion', 'kind', 'id', 'status'], {
  version: text,
  apiVersion: { const: 'v3.1.0' },
  kind: { const: 'DataContract' },
  id: text,
  name: text,
  tenant: text,
  status: text,
  domain: text,
  dataProduct: { ...text, deprecated: true },
  tags,
  description: {
    type: 'object',
    properties: { purpose: text, usage: text, limitations: text, authoritativeDefinitions, customProperties },
  },
  servers: list(server),
  schema: list(table),
  slaProperties: list(closed(['property', 'value'], {
    id: stableId,
    property: text,
    value: scalar,
    valueExt: scalar,
    unit: text,
    element: text,
    driver: text,
    description: text,
    schedule: text,
    scheduler: text,
  })),
  authoritativeDefinitions,
  customProperties,
  contractCreatedTs: { type: 'string', format: 'date-time' },
})

/**
 * Two parts stand apart: Ajv mixes up what neighbours in a list have evaluated, unless a reference leads to them and is
 * not inlined.
 */
export const ODCS = { ...contract, $defs: { rule, property } }

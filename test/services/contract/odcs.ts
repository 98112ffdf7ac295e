/**
 * What the JSON Schema of the Open Data Contract Standard 3.1.0 demands of the parts that the contract uses: names, enumerations, what is
 * required, what may stand beside it. Closed as it is, so that a part which is not described here fails. The schema itself is in no package
 * of npm or Debian. Source: bitol-io/open-data-contract-standard, schema/odcs-json-schema-v3.1.0.json
 */
const text = { type: 'string' }
const texts = { type: 'array', items: text, minItems: 1 }

function closed (required: string[], properties: Record<string, unknown>): Record<string, unknown> {
  return { type: 'object', additionalProperties: false, required, properties }
}

function list (items: unknown): Record<string, unknown> {
  return { type: 'array', items }
}

const authoritativeDefinitions = list(closed(['url', 'type'], { url: text, type: text, description: text }))
const customProperties = list(closed(['property', 'value'], { property: text, value: {}, description: text }))

const OPERATORS = ['mustBe', 'mustNotBe', 'mustBeGreaterThan', 'mustBeGreaterOrEqualTo', 'mustBeLessThan', 'mustBeLessOrEqualTo', 'mustBeBetween', 'mustNotBeBetween']
const exactlyOneOperator = { oneOf: OPERATORS.map((operator) => ({ required: [operator] })) }
const tags = list(text)
const range = { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2, uniqueItems: true }

const rule = {
  ...closed(['type'], {
    name: text,
    description: text,
    type: { enum: ['text', 'library', 'sql', 'custom'] },
    dimension: { enum: ['accuracy', 'completeness', 'conformity', 'consistency', 'coverage', 'timeliness', 'uniqueness'] },
    severity: text,
    businessImpact: text,
    unit: text,
    method: text,
    schedule: text,
    scheduler: text,
    tags,
    authoritativeDefinitions,
    metric: { enum: ['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount'] },
    arguments: { type: 'object' },
    query: text,
    ...Object.fromEntries(OPERATORS.map((operator) => [operator, operator.endsWith('Between') ? range : operator === 'mustBe' || operator === 'mustNotBe' ? {} : { type: 'number' }])),
    customProperties,
  }),
  allOf: [
    { if: { anyOf: [{ properties: { type: { const: 'library' } } }, { required: ['metric'] }] }, then: { required: ['metric'], ...exactlyOneOperator, properties: without('query') } },
    { if: { properties: { type: { const: 'sql' } } }, then: { required: ['query'], ...exactlyOneOperator, properties: without('metric', 'arguments') } },
    { if: { properties: { type: { const: 'text' } } }, then: { required: ['description'], properties: without('metric', 'arguments', 'query', ...OPERATORS) } },
  ],
}

const foreignKey = { enum: ['foreignKey'] }
const INTEGER_FORMATS = ['i8', 'i16', 'i32', 'i64', 'i128', 'u8', 'u16', 'u32', 'u64', 'u128']

/** What may stand beside other types only. */
function without (...names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, false]))
}

function optionsOf (logicalType: string, properties: Record<string, unknown>): Record<string, unknown> {
  return { if: { properties: { logicalType: { const: logicalType } } }, then: { properties: { logicalTypeOptions: closed([], properties) } } }
}

const property = {
  ...closed(['name'], {
    name: text,
    physicalName: text,
    physicalType: text,
    businessName: text,
    description: text,
    logicalType: { enum: ['string', 'date', 'timestamp', 'time', 'number', 'integer', 'object', 'array', 'boolean'] },
    logicalTypeOptions: { type: 'object' },
    required: { type: 'boolean' },
    unique: { type: 'boolean' },
    primaryKey: { type: 'boolean' },
    primaryKeyPosition: { type: 'integer', minimum: 1 },
    partitioned: { type: 'boolean' },
    classification: text,
    criticalDataElement: { type: 'boolean' },
    tags,
    authoritativeDefinitions,
    relationships: list(closed(['to'], { type: foreignKey, to: { oneOf: [text, texts] }, customProperties })),
    quality: list(rule),
    customProperties,
  }),
  allOf: [
    optionsOf('string', { minLength: { type: 'integer', minimum: 0 }, maxLength: { type: 'integer', minimum: 0 }, pattern: text, format: text }),
    optionsOf('date', { format: text, minimum: text, maximum: text, exclusiveMinimum: text, exclusiveMaximum: text }),
    optionsOf('integer', { minimum: { type: 'number' }, maximum: { type: 'number' }, exclusiveMinimum: { type: 'number' }, exclusiveMaximum: { type: 'number' }, multipleOf: { type: 'number', exclusiveMinimum: 0 }, format: { enum: INTEGER_FORMATS } }),
    optionsOf('boolean', {}),
  ],
}

const object = closed(['name'], {
  name: text,
  physicalName: text,
  physicalType: text,
  businessName: text,
  description: text,
  logicalType: { enum: ['object'] },
  dataGranularityDescription: text,
  properties: list(property),
  relationships: list({
    ...closed(['from', 'to'], { type: foreignKey, from: {}, to: {}, customProperties }),
    oneOf: [{ properties: { from: text, to: text } }, { properties: { from: texts, to: texts } }],
  }),
  quality: list(rule),
  tags,
  authoritativeDefinitions,
  customProperties,
})

/** Of the thirty types of servers the contract has one. */
const server = closed(['server', 'type', 'location'], {
  server: text, type: { const: 'api' }, location: { type: 'string', format: 'uri' }, description: text, environment: text, customProperties,
})

export const ODCS = closed(['version', 'apiVersion', 'kind', 'id', 'status'], {
  version: text,
  apiVersion: { const: 'v3.1.0' },
  kind: { const: 'DataContract' },
  id: text,
  name: text,
  tenant: text,
  status: { enum: ['proposed', 'draft', 'active', 'deprecated', 'retired'] },
  domain: text,
  dataProduct: text,
  tags,
  description: { type: 'object', properties: { purpose: text, usage: text, limitations: text, authoritativeDefinitions, customProperties } },
  servers: list(server),
  schema: list(object),
  slaProperties: list(closed(['property', 'value'], {
    property: text,
    value: { type: ['string', 'number', 'boolean', 'null'] },
    unit: text,
    element: text,
    driver: text,
    description: text,
  })),
  authoritativeDefinitions,
  customProperties,
  contractCreatedTs: { type: 'string', format: 'date-time' },
})

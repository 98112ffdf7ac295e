/** What ajv says of one wrong value, in its verbose form. */
interface SchemaError {
  keyword: string
  params: Record<string, unknown>
  message?: string | undefined
  parentSchema?: unknown
}

/** What is wrong with a value, with the names and values that would be right: the end of a sentence. */
export function schemaErrorText ({ keyword, params, message, parentSchema }: SchemaError): string {
  if (keyword === 'additionalProperties') return `has an unknown field "${shortened(String(params['additionalProperty']))}"`
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) return `must be one of ${params['allowedValues'].join(', ')}`
  if (keyword === 'const') return `must be ${JSON.stringify(params['allowedValue'])}`
  const description = keyword === 'pattern' ? (parentSchema as { description?: unknown } | undefined)?.description : undefined
  return typeof description === 'string' ? `must be ${description}` : message ?? 'is wrong'
}

const MAX_NAME_CHARACTERS = 60

function shortened (name: string): string {
  return name.length <= MAX_NAME_CHARACTERS ? name : `${name.slice(0, MAX_NAME_CHARACTERS)}…`
}

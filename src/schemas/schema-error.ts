import { patternText } from './pattern.ts'

/** What ajv says of one wrong value, in its verbose form. */
interface SchemaError {
  keyword: string
  params: Record<string, unknown>
  message?: string | undefined
}

/** Returns the end of a sentence: what is wrong with a value, and the valid names and values. */
export function schemaErrorText ({ keyword, params, message }: SchemaError): string {
  if (keyword === 'additionalProperties') {
    return `has an unknown field "${shortened(String(params['additionalProperty']))}"`
  }
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) {
    return `must be one of ${params['allowedValues'].join(', ')}`
  }
  if (keyword === 'const') return `must be ${JSON.stringify(params['allowedValue'])}`
  const text = keyword === 'pattern' ? patternText(params['pattern']) : null
  return text === null ? message ?? 'is wrong' : `must be ${text}`
}

const MAX_NAME_CHARACTERS = 60

function shortened (name: string): string {
  return name.length <= MAX_NAME_CHARACTERS ? name : `${name.slice(0, MAX_NAME_CHARACTERS)}…`
}

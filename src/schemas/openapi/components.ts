export type JsonObject = { [key: string]: unknown }

/** Under these keys stand values, not schemas. */
const VALUES = new Set(['example', 'examples', 'default', 'enum', 'const'])

/**
 * The document with each schema that has a title as a component of that name, and a reference wherever it stood:
 * generated clients then have one type for it.
 */
export function withComponents (
  { paths, components, ...rest }: JsonObject
): JsonObject & { components: { schemas: JsonObject } } {
  const schemas: JsonObject = {}
  const lean = hoist(paths, schemas)
  return { ...rest, paths: lean, components: { ...components as JsonObject, schemas: sorted(schemas) } }
}

function hoist (node: unknown, schemas: JsonObject): unknown {
  if (Array.isArray(node)) return node.map((item) => hoist(item, schemas))
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, VALUES.has(key) ? value : hoist(value, schemas)])
  )
  if (typeof copy['title'] !== 'string') return copy
  const { title, ...schema } = copy
  schemas[title] = schema
  return { $ref: `#/components/schemas/${title}` }
}

function sorted (object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1))
}

import type { FieldName, IngestBody } from '../schemas/ingest-body.ts'

/** The fields of a request, in the order in which the form has them. */
export const FORM_FIELDS = [
  'source', 'limit', 'market', 'query', 'artistIds', 'albumIds', 'pagination', 'refresh',
] as const satisfies readonly FieldName[]
export type FormField = typeof FORM_FIELDS[number]
/** What stands in the fields of the start form. */
export type FormValues = Record<FormField, string>

/** The fields of a form or a query that the start form has; what is missing is empty. */
export function valuesOf (sent: URLSearchParams): FormValues {
  const value = (field: FormField): string => (sent.get(field) ?? '').trim()
  return {
    source: value('source') === '' ? 'auto' : value('source'),
    limit: value('limit'),
    market: value('market'),
    query: value('query'),
    artistIds: value('artistIds'),
    albumIds: value('albumIds'),
    pagination: value('pagination') === '' ? 'next' : value('pagination'),
    refresh: value('refresh'),
  }
}

/** The body of `POST /ingest` that a form means; what is left empty has its default. It is still to be validated. */
export function toBody (values: FormValues): Record<string, unknown> {
  const given = Object.entries(values).filter(([field, value]) => value !== '' && value !== DEFAULTS[field])
  return Object.fromEntries(given.map(([field, value]) => [field, convert(field as FormField, value)]))
}

const DEFAULTS: Record<string, string> = { source: 'auto', pagination: 'next' }

function convert (field: FormField, value: string): unknown {
  switch (field) {
    case 'limit': return /^\d{1,15}$/.test(value) ? Number(value) : value
    case 'refresh': return value === 'true'
    case 'artistIds':
    case 'albumIds': return value.split(/[\s,]+/).filter((reference) => reference !== '')
    default: return value
  }
}

/** The values of a form that would send this body. */
function valuesOfBody (body: IngestBody): FormValues {
  const { source = 'auto', pagination = 'next', market = '', query = '', artistIds = [], albumIds = [] } = body
  return {
    source,
    limit: body.limit === undefined ? '' : String(body.limit),
    pagination,
    market,
    query,
    artistIds: artistIds.join('\n'),
    albumIds: albumIds.join('\n'),
    refresh: body.refresh === true ? 'true' : '',
  }
}

/** What a link may carry: longer ones are refused by proxies. */
const MAX_QUERY = 1500

/** The query that fills in the start form for such a body; null where that would be too long for a link. */
export function toQuery (body: IngestBody): string | null {
  const given = Object.entries(valuesOfBody(body)).filter(([, value]) => value !== '')
  const query = new URLSearchParams(given).toString()
  return query.length > MAX_QUERY ? null : query
}

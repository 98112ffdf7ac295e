import { Type } from '@sinclair/typebox'
import { FORMATS, FORMAT_NAMES } from '../formats/index.ts'
import { Problem } from './problem.ts'
import { headerText } from './response.ts'

/** A name that is no format is 406 and not 400, so that the schema takes any. */
export const Format = Type.String({
  maxLength: 32,
  examples: [...FORMAT_NAMES],
  description: 'json: the stored file; ndjson: one album per line; csv: one row per track; tracks: `{ "<album id>": ' +
    '[tracks] }`. Overrides `Accept`',
})
export const DocumentQuery = Type.Object({ format: Type.Optional(Format) }, { additionalProperties: false })

const HEADERS = {
  etag: headerText('strong; another one for each format and content coding'),
  'last-modified': headerText('when the run ended'),
  'content-disposition': headerText("the file's name"),
  'content-encoding': headerText('gzip, for a client that prefers it and format json'),
  'accept-ranges': headerText('bytes for json, none for the formats that are made while they are sent'),
}

/** Sent as stored or as made, never through a serializer. */
const Body = Type.Unsafe<unknown>({
  description: 'the run without `file`, and `albums`; with ?format=tracks the tracks of each album under its id',
})
const CONTENT = Object.fromEntries(FORMAT_NAMES.flatMap((name) => {
  const { mediaType } = FORMATS[name]
  return mediaType === null ? [] : [[mediaType, { schema: name === 'json' ? Body : Type.String() }]]
}))

const problem = (description: string) => ({ description, content: { 'application/problem+json': { schema: Problem } } })

/** A document in one of its formats. */
export const StoredDocument = { description: 'the document', headers: HEADERS, content: CONTENT }

/** What every route that serves a document may answer. */
export const documentResponses = {
  200: StoredDocument,
  206: {
    description: 'a part of the document',
    headers: { ...HEADERS, 'content-range': headerText('which part') },
    content: { 'application/json': { schema: Type.String({ format: 'binary' }) } },
  },
  304: { type: 'null', description: 'the client has it already' },
  406: problem('no such format'),
  412: problem('it is not what If-Match or If-Unmodified-Since says'),
  416: problem('the document is shorter'),
}

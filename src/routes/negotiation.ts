import { type FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { ServiceError } from '../errors.ts'
import { FORMATS, FORMAT_NAMES, type FormatName } from '../services/formats/index.ts'

/** Clients may name the charset; any other parameter is another media type. */
const OFFERS = new Map(FORMAT_NAMES.flatMap((name) => {
  const { mediaType } = FORMATS[name]
  return mediaType === null ? [] : [mediaType, `${mediaType};charset=utf-8`].map((offer): [string, FormatName] => [offer, name])
}))

/** The format that a request wants: by `?format=`, else by `Accept`, else json. Throws `not_acceptable`. */
export function chooseFormat ({ query, headers }: FastifyRequest): FormatName {
  const { format } = query as { format?: string }
  const name = format === undefined ? acceptedFormat(headers.accept) : FORMAT_NAMES.find((known) => known === format)
  if (name !== undefined) return name
  const types = [...OFFERS.keys()].filter((offer) => !offer.includes(';')).join(', ')
  throw new ServiceError('not_acceptable', `there is no such format: ?format= takes ${FORMAT_NAMES.join(', ')}, and Accept ${types}`)
}

function acceptedFormat (accept: string | undefined): FormatName | undefined {
  if (accept === undefined || accept.trim() === '') return 'json'
  const offer = new Negotiator({ headers: { accept } }).mediaType([...OFFERS.keys()])
  return offer === undefined ? undefined : OFFERS.get(offer)
}

/** Whether the client would rather have gzip than the bytes as they are. */
export function prefersGzip ({ headers }: FastifyRequest): boolean {
  return new Negotiator({ headers: { 'accept-encoding': headers['accept-encoding'] } }).encoding(['gzip', 'identity']) === 'gzip'
}

import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { ServiceError } from '../../errors.ts'
import { FORMATS, FORMAT_NAMES } from '../../formats/index.ts'
import { TABLE_FORMATS, TABLE_FORMAT_NAMES } from '../../services/tables/table-formats.ts'

/**
 * Creates the choice among formats: by `?format=`, else by `Accept`, else the first. It throws `not_acceptable`.
 * @param mediaTypeOf null where `Accept` cannot name the format
 */
export function createChoice<Name extends string> (
  names: readonly [Name, ...Name[]], mediaTypeOf: (name: Name) => string | null
) {
  /** Clients may name the charset; any other parameter is another media type. */
  const offers = new Map(names.flatMap((name) => {
    const mediaType = mediaTypeOf(name)
    return mediaType === null
      ? []
      : [mediaType, `${mediaType};charset=utf-8`].map((offer): [string, Name] => [offer, name])
  }))

  function accepted (accept: string | undefined): Name | undefined {
    if (accept === undefined || accept.trim() === '') return names[0]
    const offer = new Negotiator({ headers: { accept } }).mediaType([...offers.keys()])
    return offer === undefined ? undefined : offers.get(offer)
  }

  return function choose ({ query, headers }: Pick<FastifyRequest, 'query' | 'headers'>): Name {
    const { format } = query as { format?: string }
    const name = format === undefined ? accepted(headers.accept) : names.find((known) => known === format)
    if (name !== undefined) return name
    const types = [...offers.keys()].filter((offer) => !offer.includes(';')).join(', ')
    throw new ServiceError(
      'not_acceptable', `there is no such format: ?format= takes ${names.join(', ')}, and Accept ${types}`
    )
  }
}

/** The format of a document that a request wants; json where it does not say. */
export const chooseFormat = createChoice(FORMAT_NAMES, (name) => FORMATS[name].mediaType)

/** The format of a table that a request wants; Parquet where it does not say. */
export const chooseTableFormat = createChoice(TABLE_FORMAT_NAMES, (name) => TABLE_FORMATS[name].mediaType)

/** Returns the content coding that the client prefers; null: none. */
export function preferredCoding ({ headers }: FastifyRequest): 'gzip' | null {
  const negotiator = new Negotiator({ headers: { 'accept-encoding': headers['accept-encoding'] } })
  return negotiator.encoding(['gzip', 'identity']) === 'gzip' ? 'gzip' : null
}

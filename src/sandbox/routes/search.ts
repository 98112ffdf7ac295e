import { apiError, json, Refusal } from '../http/answers.ts'
import type { ApiCall, Endpoint } from '../calls/api-call.ts'
import type { Catalogue, SearchFields } from '../catalogue/catalogue.ts'
import { listAlbums, type Listing } from '../calls/listing.ts'
import { createPage, pageLink, type Window } from '../catalogue/paging.ts'
import { type Query, windowOf } from '../calls/parameters.ts'
import { hashText, mix } from '../catalogue/random.ts'
import { readQuery, type SearchQuery } from '../calls/search-query.ts'

const TYPES = ['album', 'artist', 'playlist', 'track', 'show', 'episode', 'audiobook']
/** The highest sum of offset and limit (Spotify reference, Search). */
const REACHABLE = 1000

/** Spotify reference: Search for Item. Only albums are found; the other types answer empty pages. */
export const search: Endpoint = {
  name: 'search',
  path: '/search',
  answer ({ settings, catalogue }, call) {
    const query = queryTextOf(call.query)
    const types = typesOf(call.query)
    const window = windowOf(call.query, 'search', settings)
    if (window.offset + window.limit > REACHABLE) throw new Refusal(apiError(400, 'Bad request.'))
    const parameters = { query, type: types.join(',') }
    const empty = () => createPage([], window, 0, 0, (other) => pageLink(call.view, '/search', other, parameters))
    const albums = () => listAlbums(call, albumListing(catalogue, call, query, parameters, window), window)
    return json(Object.fromEntries(types.map((type) => [`${type}s`, type === 'album' ? albums() : empty()])))
  },
}

function albumListing (
  catalogue: Catalogue, call: ApiCall, query: string, parameters: Readonly<Record<string, string>>, window: Window
): Listing {
  const ids = matches(catalogue, query)
  return {
    path: '/search',
    parameters,
    ids,
    reachable: REACHABLE,
    total: claimedTotal(ids.length, mix(catalogue.seed, hashText(query), window.offset, window.limit), window),
    render: (id) => catalogue.summary(id, call.view),
  }
}

/** Returns `q`, or `query`, as Spotify's own links name it. */
function queryTextOf (query: Query): string {
  const text = (query['q'] ?? query['query'] ?? '').trim()
  if (text === '') throw new Refusal(apiError(400, 'No search query'))
  return text
}

function typesOf (query: Query): string[] {
  if (query['type'] === undefined) throw new Refusal(apiError(400, 'Missing parameter type'))
  const types = [...new Set(query['type'].split(','))]
  const unknown = types.find((type) => !TYPES.includes(type))
  if (unknown !== undefined) throw new Refusal(apiError(400, `Bad search type field ${unknown}`))
  return types
}

/** Returns all albums that match, by relevance, also those beyond the last page. */
function matches (catalogue: Catalogue, text: string): readonly string[] {
  const { wantsNew, tests } = readQuery(text)
  const albums = wantsNew ? catalogue.searchOrder : catalogue.listed
  return tests.length === 0 ? albums : albums.filter((id) => passes(catalogue.searchFields(id), tests))
}

function passes (fields: SearchFields | undefined, tests: SearchQuery['tests']): boolean {
  return fields !== undefined && tests.every((test) => test(fields))
}

/** Returns a wrong total, as Spotify's search does: it changes from page to page, but exceeds what was shown. */
function claimedTotal (found: number, noise: number, { offset, limit }: Window): number {
  const shown = Math.min(found, offset + limit)
  const guess = Math.floor(found * (0.5 + (noise % 1000) / 1000))
  return found === 0 ? 0 : Math.max(guess, shown < found ? shown + 1 : shown)
}

import { forbidden, json, notFound } from '../http/answers.ts'
import type { Endpoint } from '../calls/api-call.ts'
import { createPage, pageLink } from '../catalogue/paging.ts'
import { checkedId, idsOf, windowOf } from '../calls/parameters.ts'

/** Spotify reference: Get Album. */
export const album: Endpoint = {
  name: 'album',
  path: '/albums/:id',
  answer ({ catalogue }, { id, view }) {
    const found = catalogue.answer(checkedId(id), view)
    return found ? json(found) : notFound()
  },
}

/** Spotify reference: Get Several Albums. Null for an unknown id. Removed from development mode in February 2026. */
export const albums: Endpoint = {
  name: 'albums',
  path: '/albums',
  answer ({ settings, catalogue }, { query, view }) {
    if (settings.tier === 'development') return forbidden()
    return json({ albums: idsOf(query, settings).map((id) => catalogue.answer(id, view) ?? null) })
  },
}

/** Spotify reference: Get Album Tracks. The body is the page itself. */
export const albumTracks: Endpoint = {
  name: 'albumTracks',
  path: '/albums/:id/tracks',
  answer ({ settings, catalogue }, call) {
    const id = checkedId(call.id)
    const window = windowOf(call.query, 'albumTracks', settings)
    const total = catalogue.trackTotal(id)
    if (total === 0) return notFound()
    const link = (other: typeof window) => pageLink(call.view, `/albums/${id}/tracks`, other)
    const tracks = catalogue.tracks(id, call.view, window)
    const isShifted = call.shifting && window.offset > 0
    const previous = isShifted ? catalogue.tracks(id, call.view, { offset: window.offset - 1, limit: 1 }) : []
    return json(createPage([...previous, ...tracks.slice(previous.length)], window, total, total, link))
  },
}

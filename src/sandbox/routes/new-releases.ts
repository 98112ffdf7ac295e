import { forbidden, json } from '../http/answers.ts'
import type { Endpoint } from '../calls/api-call.ts'
import { listAlbums } from '../calls/listing.ts'
import { windowOf } from '../calls/parameters.ts'

/** Spotify reference: Get New Releases. Removed for development-mode apps in February 2026. */
export const newReleases: Endpoint = {
  name: 'newReleases',
  path: '/browse/new-releases',
  answer ({ settings, catalogue }, call) {
    if (settings.tier === 'development') return forbidden()
    const ids = catalogue.newReleases
    const render = (id: string) => catalogue.summary(id, call.view)
    const listing = { path: this.path, ids, total: ids.length, render }
    return json({ albums: listAlbums(call, listing, windowOf(call.query, 'newReleases', settings)) })
  },
}

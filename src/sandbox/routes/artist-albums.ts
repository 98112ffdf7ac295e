import { apiError, json, notFound, Refusal } from '../http/answers.ts'
import type { Endpoint } from '../calls/api-call.ts'
import type { ArtistAlbum } from '../catalogue/catalogue.ts'
import { listAlbums } from '../calls/listing.ts'
import { checkedId, type Query, windowOf } from '../calls/parameters.ts'

const GROUPS = ['album', 'single', 'appears_on', 'compilation']

/** Spotify reference: Get Artist's Albums. */
export const artistAlbums: Endpoint = {
  name: 'artistAlbums',
  path: '/artists/:id/albums',
  answer ({ settings, catalogue }, call) {
    const artistId = checkedId(call.id)
    const window = windowOf(call.query, 'artistAlbums', settings)
    const include = groupsOf(call.query)
    const all = catalogue.artistAlbums(artistId)
    if (all === undefined) return notFound()
    const groupOf = (id: string) => settings.tier === 'extended' ? chosen.get(id) : undefined
    const chosen = new Map(all.filter(({ group }) => include.includes(group)).map((entry) => [entry.id, entry.group]))
    return json(listAlbums(call, {
      path: `/artists/${artistId}/albums`,
      parameters: call.query['include_groups'] === undefined ? {} : { include_groups: include.join(',') },
      ids: [...chosen.keys()],
      total: chosen.size,
      render: (id) => withGroup(catalogue.summary(id, call.view), groupOf(id)),
    }, window))
  },
}

function withGroup<Album extends object> (
  album: Album | undefined, group: ArtistAlbum['group'] | undefined
): Album | undefined {
  return album && group ? { ...album, album_group: group } : album
}

function groupsOf (query: Query): string[] {
  const groups = (query['include_groups'] ?? GROUPS.join(',')).split(',')
  if (!groups.every((group) => GROUPS.includes(group))) throw new Refusal(apiError(400, 'Invalid album type'))
  return groups
}

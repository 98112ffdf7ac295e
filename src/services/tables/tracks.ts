import { fieldsOf } from '../fields.ts'
import { type Table, defineTable, key, required, sent } from './define-table.ts'
import { type PlacedTrack, tracksOf, urlOf } from './items.ts'

export const TRACKS: Table = defineTable<PlacedTrack>({
  name: 'tracks',
  row: 'track of an album: one that stands on an album twice has two rows',
  columns: {
    run_id: required('UTF8', 'Id of the run that fetched it.', ({ album }) => album.run.id),
    album_id: key('UTF8', 'Album that it is on.', ({ album }) => album.id, { reference: 'albums.album_id' }),
    position: key('INT32', 'Place on the album over all its discs, in the order of Spotify; 1 is the first.',
      ({ position }) => position),
    track_id: sent('UTF8', "Spotify's id of the track; null for a local one.", ({ id: value }) => value),
    disc_number: sent('INT32', 'Disc that it is on; 1 is the first.', ({ disc_number: value }) => value),
    track_number: sent('INT32', 'Number on its disc; 1 is the first.', ({ track_number: value }) => value),
    name: sent('UTF8', 'Name of the track.', ({ name: value }) => value),
    duration_ms: sent('INT64', 'Duration in milliseconds.', ({ duration_ms: value }) => value),
    explicit: sent('BOOLEAN', 'Whether it is explicit.', ({ explicit: value }) => value),
    is_playable: sent('BOOLEAN', 'Whether it can be played in the market; null unless the request named one.',
      ({ is_playable: value }) => value),
    is_local: sent('BOOLEAN', 'Whether it is a local file.', ({ is_local: value }) => value),
    isrc: sent('UTF8', "International Standard Recording Code; Spotify's albums rarely have it.",
      ({ external_ids: ids }) => fieldsOf(ids)['isrc']),
    popularity: sent('INT32', "From 0 to 100; Spotify's albums rarely have it.",
      ({ popularity: value }) => value, { isExtended: true }),
    linked_from_id: sent('UTF8', 'Track that was asked for, where Spotify replaced it by this one for the market.',
      ({ linked_from: track }) => fieldsOf(track)['id'], { isExtended: true }),
    url: sent('UTF8', 'Page of the track on open.spotify.com.', urlOf),
    uri: sent('UTF8', 'Spotify URI of the track.', ({ uri: value }) => value),
  },
  record: ({ fields }) => fields,
  read: () => tracksOf,
})

import { fieldsOf } from '../fields.ts'
import { type Table, defineTable, key, optional, required } from './define-table.ts'
import { type PlacedTrack, tracksOf, urlOf } from './items.ts'

export const TRACKS: Table = defineTable<PlacedTrack>({
  name: 'tracks',
  row: 'track of an album: one that stands on an album twice has two rows',
  columns: {
    run_id: required('UTF8', 'Id of the run that fetched it.', ({ album }) => album.run.id),
    album_id: key('UTF8', 'Album that it is on.', ({ album }) => album.id, { reference: 'albums.album_id' }),
    position: key('INT32', 'Place on the album over all its discs, in the order of Spotify; 1 is the first.',
      ({ position }) => position),
    track_id: optional('UTF8', "Spotify's id of the track; null for a local one.", ({ fields }) => fields['id']),
    disc_number: optional('INT32', 'Disc that it is on; 1 is the first.', ({ fields }) => fields['disc_number']),
    track_number: optional('INT32', 'Number on its disc; 1 is the first.', ({ fields }) => fields['track_number']),
    name: optional('UTF8', 'Name of the track.', ({ fields }) => fields['name']),
    duration_ms: optional('INT64', 'Duration in milliseconds.', ({ fields }) => fields['duration_ms']),
    explicit: optional('BOOLEAN', 'Whether it is explicit.', ({ fields }) => fields['explicit']),
    is_playable: optional('BOOLEAN', 'Whether it can be played in the market; null unless the request named one.',
      ({ fields }) => fields['is_playable']),
    is_local: optional('BOOLEAN', 'Whether it is a local file.', ({ fields }) => fields['is_local']),
    isrc: optional('UTF8', "International Standard Recording Code; Spotify's albums rarely have it.",
      ({ fields }) => fieldsOf(fields['external_ids'])['isrc']),
    popularity: optional('INT32', "From 0 to 100; Spotify's albums rarely have it.",
      ({ fields }) => fields['popularity'], { isExtended: true }),
    linked_from_id: optional('UTF8', 'Track that was asked for, where Spotify replaced it by this one for the market.',
      ({ fields }) => fieldsOf(fields['linked_from'])['id'], { isExtended: true }),
    url: optional('UTF8', 'Page of the track on open.spotify.com.', ({ fields }) => urlOf(fields)),
    uri: optional('UTF8', 'Spotify URI of the track.', ({ fields }) => fields['uri']),
  },
  read: () => tracksOf,
})

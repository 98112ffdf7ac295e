import {
  type RunFacts, type PlacedAlbum, type Table, defineTable, key, optional, required, sent
} from './define-table.ts'
import { type PlacedArtist, type PlacedTrack, artistsOf, tracksOf, urlOf } from './items.ts'

interface ArtistRow extends PlacedArtist { run: RunFacts }
interface AlbumArtistRow { album: PlacedAlbum, artist: PlacedArtist }
interface TrackArtistRow { track: PlacedTrack, artist: PlacedArtist }

export const ARTISTS: Table = defineTable<ArtistRow>({
  name: 'artists',
  row: 'artist of any album or track, as the document names it first; one without an id has no row',
  columns: {
    run_id: required('UTF8', 'Id of the run that fetched it.', ({ run }) => run.id),
    artist_id: key('UTF8', "Spotify's id of the artist.", ({ id }) => id, { read: ({ id }) => id }),
    name: sent('UTF8', 'Name of the artist.', ({ name }) => name),
    url: sent('UTF8', 'Page of the artist on open.spotify.com.', urlOf),
    uri: sent('UTF8', 'Spotify URI of the artist.', ({ uri }) => uri),
  },
  record: ({ fields }) => fields,
  read () {
    const seen = new Set<string>()
    return (album) => {
      const named = [album, ...tracksOf(album)].flatMap(({ fields }) => artistsOf(fields))
      return named.flatMap((artist) => {
        if (seen.has(artist.id)) return []
        seen.add(artist.id)
        return [{ ...artist, run: album.run }]
      })
    }
  },
})

export const ALBUM_ARTISTS: Table = defineTable<AlbumArtistRow>({
  name: 'album_artists',
  row: 'artist of an album',
  columns: {
    run_id: required('UTF8', 'Id of the run that fetched it.', ({ album }) => album.run.id),
    album_id: key('UTF8', 'Album.', ({ album }) => album.id, { reference: 'albums.album_id' }),
    artist_id: key('UTF8', 'Artist.', ({ artist }) => artist.id, { reference: 'artists.artist_id' }),
    artist_position: key('INT32', 'Place among the artists of the album; 1 is the first.',
      ({ artist }) => artist.position),
  },
  read: () => (album) => artistsOf(album.fields).map((artist) => ({ album, artist })),
})

export const TRACK_ARTISTS: Table = defineTable<TrackArtistRow>({
  name: 'track_artists',
  row: 'artist of a track of an album',
  columns: {
    run_id: required('UTF8', 'Id of the run that fetched it.', ({ track }) => track.album.run.id),
    album_id: key('UTF8', 'Album that the track is on.',
      ({ track }) => track.album.id, { reference: 'tracks.album_id' }),
    position: key('INT32', 'Place of the track on the album, as in `tracks`.',
      ({ track }) => track.position, { reference: 'tracks.position' }),
    track_id: optional('UTF8', "Spotify's id of the track, as in `tracks`.", ({ track }) => track.fields['id']),
    artist_id: key('UTF8', 'Artist.', ({ artist }) => artist.id, { reference: 'artists.artist_id' }),
    artist_position: key('INT32', 'Place among the artists of the track; 1 is the first.',
      ({ artist }) => artist.position),
  },
  read: () => (album) => tracksOf(album).flatMap((track) => {
    return artistsOf(track.fields).map((artist) => ({ track, artist }))
  }),
})

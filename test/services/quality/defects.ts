import type { EarlierRun } from '../../../src/services/quality/baseline.ts'
import type { CheckId } from '../../../src/services/quality/checks.ts'
import {
  type AlbumJson,
  type Json,
  type TestDocument,
  type TrackJson,
  asEarlier,
  sandboxDocument,
} from './documents.ts'

/** Something wrong that is put into a good document, and the checks that must find it: these and no others. */
export interface Defect {
  title: string
  spoil: (document: TestDocument) => void
  finds: CheckId[]
  /** The document is compared with earlier runs. */
  isCompared?: true
}

const every = (spoil: (album: AlbumJson, index: number) => void) => ({ albums }: TestDocument): void => {
  albums.forEach(spoil)
}
const everyTrack = (spoil: (track: TrackJson, index: number) => void) =>
  every(({ tracks }) => {
    tracks.items.forEach(spoil)
  })
const everyArtist = (spoil: (artist: Json) => void) =>
  every(({ artists, tracks }) => {
    for (const artist of [...artists, ...tracks.items.flatMap(({ artists }) => artists)]) spoil(artist)
  })
const set = (key: string, value: unknown) => (object: Json): void => {
  object[key] = value
}
const drop = (key: string) => (object: Json): void => {
  Reflect.deleteProperty(object, key)
}

/** An ordinary album of several tracks: not one of the sandbox's odd ones, which are in the first half. */
const one = (spoil: (album: AlbumJson, document: TestDocument) => void) => (document: TestDocument): void => {
  spoil(ordinary(document), document)
}
const oneTrack = (spoil: (track: TrackJson) => void) =>
  one(({ tracks: { items: [, track] } }) => {
    if (track !== undefined) spoil(track)
  })

function ordinary ({ albums }: TestDocument, nth = 0): AlbumJson {
  const album =
    albums.slice(60).filter(({ album_type: type, tracks }) => type === 'album' && tracks.items.length > 5)[nth]
  if (album === undefined) throw new Error('the document has no such album')
  return album
}

const rowsGone = ({ tracks }: AlbumJson, count: number): void => {
  tracks.items.length -= count
}
const recount = ({ run, albums }: TestDocument): void => {
  run.progress.albumsFetched = albums.length
  run.progress.tracks = albums.reduce((sum, { tracks }) => sum + tracks.items.length, 0)
}
const then = (...steps: Array<(document: TestDocument) => void>) => (document: TestDocument): void => {
  for (const step of steps) step(document)
}

export const DEFECTS: Defect[] = [
  { title: 'no album has a name', spoil: every(set('name', '')), finds: ['albums.name.present', 'albums.name.varied'] },
  {
    title: 'every tenth album lost its name',
    spoil: every((album, index) => {
      if (index % 10 === 0) album['name'] = null
    }),
    finds: ['albums.name.present'],
  },
  { title: 'no album has a type', spoil: every(set('album_type', null)), finds: ['albums.album_type.present'] },
  {
    title: 'no album has a date',
    spoil: every(set('release_date', null)),
    finds: ['albums.release_date_text.present'],
  },
  {
    title: 'an album does not say how many tracks it has',
    spoil: one(drop('total_tracks')),
    finds: ['albums.total_tracks.present'],
  },
  { title: 'an album has no link', spoil: one(set('external_urls', {})), finds: ['albums.url.present'] },
  { title: 'no album has a cover', spoil: every(set('images', [])), finds: ['albums.image_url.present'] },
  { title: 'no album has a label', spoil: every(set('label', null)), finds: ['albums.label.present'] },
  { title: 'no album has a UPC', spoil: every(set('external_ids', {})), finds: ['albums.upc.present'] },
  { title: 'no album has a popularity', spoil: every(set('popularity', null)), finds: ['albums.popularity.present'] },
  {
    title: 'albums without artists',
    spoil: every((album, index) => {
      if (index % 10 === 0) album.artists = []
    }),
    finds: ['albums.artists.some'],
  },
  {
    title: 'an album without tracks that says it has none',
    spoil: then(
      one((album) => {
        rowsGone(album, album.tracks.items.length)
        album['total_tracks'] = 0
      }),
      recount
    ),
    finds: ['albums.tracks_present.some', 'albums.total_tracks.range'],
  },
  {
    title: 'every album "0 tracks"',
    spoil: then(every((album) => rowsGone(album, album.tracks.items.length)), recount),
    finds: [
      'albums.tracks_present.some',
      'albums.total_tracks.covered',
      'albums.tracks_present.plausible',
    ],
  },
  {
    title: 'a gap',
    spoil: one(({ id }, { run }) => {
      run.gaps.push({ albumId: id, name: null, code: 'tracks_missing', detail: '', expectedTracks: 20, tracks: 10 })
    }),
    finds: ['albums.gaps.none'],
  },
  {
    title: 'a tenth of the albums is missing',
    spoil (document) {
      for (const { id } of document.albums.splice(-10)) {
        document.run.gaps.push({
          albumId: id,
          name: null,
          code: 'album_unavailable',
          detail: '',
          expectedTracks: null,
          tracks: 0,
        })
      }
      recount(document)
    },
    finds: ['albums.gaps.none', 'albums.gaps.few'],
  },
  { title: 'no track has an id', spoil: everyTrack(set('id', null)), finds: ['tracks.track_id.present'] },
  { title: 'no track has a name', spoil: everyTrack(set('name', null)), finds: ['tracks.name.present'] },
  { title: 'no track has a duration', spoil: everyTrack(drop('duration_ms')), finds: ['tracks.duration_ms.present'] },
  { title: 'no track has a disc', spoil: everyTrack(drop('disc_number')), finds: ['tracks.disc_number.present'] },
  {
    title: 'no track has a number',
    spoil: everyTrack(set('track_number', null)),
    finds: ['tracks.track_number.present'],
  },
  {
    title: 'no track says whether it is explicit',
    spoil: everyTrack(drop('explicit')),
    finds: ['tracks.explicit.present'],
  },
  { title: 'no track has a link', spoil: everyTrack(drop('external_urls')), finds: ['tracks.url.present'] },
  { title: 'no track has artists', spoil: everyTrack(set('artists', null)), finds: ['tracks.artists.some'] },
  {
    title: 'artists of albums without an id',
    spoil: every(({ artists }) => artists.forEach(set('id', null))),
    finds: ['album_artists.artist_id.present'],
  },
  {
    title: 'artists of tracks without an id',
    spoil: everyTrack(({ artists }) => artists.forEach(drop('id'))),
    finds: ['track_artists.artist_id.present'],
  },
  { title: 'no artist has a name', spoil: everyArtist(set('name', null)), finds: ['artists.name.present'] },

  {
    title: 'an album twice',
    spoil (document) {
      document.albums.push(ordinary(document))
      recount(document)
    },
    finds: ['albums.album_id.unique', 'albums.release.unique'],
  },
  {
    title: 'a release under two ids',
    spoil (document) {
      const copy = structuredClone(ordinary(document))
      const id = 'A'.repeat(22)
      document.albums.push(Object.assign(copy, { id, uri: `spotify:album:${id}` }))
      recount(document)
    },
    finds: ['albums.release.unique'],
  },
  { title: 'two tracks in one place', spoil: oneTrack(set('track_number', 1)), finds: ['tracks.place.unique'] },
  {
    title: 'a track id twice in an album',
    spoil: one(({ tracks: { items: [first, second] } }) => {
      if (first !== undefined && second !== undefined) Object.assign(second, { id: first['id'], uri: first['uri'] })
    }),
    finds: ['tracks.track_id.unique'],
  },

  { title: 'a number for the name of an album', spoil: one(set('name', 7)), finds: ['albums.types'] },
  { title: 'a float for a duration', spoil: oneTrack(set('duration_ms', 0.5)), finds: ['tracks.types'] },
  { title: 'a text for a number', spoil: oneTrack(set('disc_number', '1')), finds: ['tracks.types'] },
  { title: 'an object for the name of an artist', spoil: everyArtist(set('uri', {})), finds: ['artists.types'] },
  {
    title: 'an id that is none',
    spoil: one((album) => Object.assign(album, { id: 'short', uri: 'spotify:album:short' })),
    finds: ['albums.album_id.format'],
  },
  {
    title: 'half a character in the name of an album',
    spoil: one(set('name', 'a\ud800b')),
    finds: ['albums.name.text'],
  },
  {
    title: 'a name of 10,000 characters',
    spoil: oneTrack(set('name', 'x'.repeat(10_000))),
    finds: ['tracks.name.text'],
  },
  {
    title: 'half a character in the name of an artist',
    spoil: everyArtist((artist) => {
      artist['name'] = `${String(artist['name'])}\udc00`
    }),
    finds: ['artists.name.text'],
  },
  { title: 'an unknown type of album', spoil: one(set('album_type', 'ep')), finds: ['albums.album_type.values'] },
  {
    title: 'dates that are none',
    spoil: every((album) => Object.assign(album, { release_date: '2026-02-30', release_date_precision: 'day' })),
    finds: ['albums.release_date_text.format'],
  },
  {
    title: 'dates of the next year',
    spoil: every((album) => Object.assign(album, { release_date: '2027', release_date_precision: 'year' })),
    finds: ['albums.release_date.range'],
  },
  {
    title: 'an unknown precision',
    spoil: one(set('release_date_precision', 'hour')),
    finds: ['albums.release_date_precision.values', 'albums.release_date_precision.agrees'],
  },
  {
    title: 'the precision of another date',
    spoil: one(set('release_date_precision', 'year')),
    finds: ['albums.release_date_precision.agrees'],
  },
  { title: 'a popularity of 101', spoil: one(set('popularity', 101)), finds: ['albums.popularity.range'] },
  {
    title: 'UPCs with letters',
    spoil: every((album, index) => {
      album['external_ids'] = { upc: `UPC-${index}` }
    }),
    finds: ['albums.upc.format'],
  },
  {
    title: 'a link to elsewhere',
    spoil: one(set('external_urls', { spotify: 'javascript:alert(1)' })),
    finds: ['albums.url.format'],
  },
  {
    title: 'a cover that is no URL',
    spoil: one(set('images', [{ url: 'data:,' }])),
    finds: ['albums.image_url.format'],
  },
  {
    title: 'a track id that is none',
    spoil: oneTrack((track) => Object.assign(track, { id: '!', uri: 'spotify:track:!' })),
    finds: ['tracks.track_id.format'],
  },
  {
    title: 'tracks of no length',
    spoil: everyTrack((track, index) => {
      if (index % 2 === 0) track['duration_ms'] = 0
    }),
    finds: ['tracks.duration_ms.range'],
  },
  { title: 'a disc 0', spoil: oneTrack(set('disc_number', 0)), finds: ['tracks.disc_number.range'] },
  { title: 'a track 0', spoil: oneTrack(set('track_number', 0)), finds: ['tracks.track_number.range'] },
  {
    title: 'ISRCs that are none',
    spoil: everyTrack(set('external_ids', { isrc: 'x' })),
    finds: ['tracks.isrc.format'],
  },
  { title: 'a track popularity of -1', spoil: oneTrack(set('popularity', -1)), finds: ['tracks.popularity.range'] },
  {
    title: 'a track link to elsewhere',
    spoil: oneTrack(set('external_urls', { spotify: 'http://open.spotify.com.evil.example/track/1' })),
    finds: ['tracks.url.format'],
  },
  {
    title: 'artist ids that are none',
    spoil: everyArtist((artist) => {
      artist['id'] = `?${String(artist['id'])}`
    }),
    finds: ['artists.artist_id.format'],
  },

  {
    title: 'tracks that are missing without a gap',
    spoil: then(one((album) => rowsGone(album, 2)), recount),
    finds: ['albums.total_tracks.covered'],
  },
  {
    title: 'fewer tracks claimed than there are',
    spoil: one(set('total_tracks', 2)),
    finds: ['albums.total_tracks.exceeded'],
  },
  { title: 'the URI of another album', spoil: one(set('uri', 'spotify:album:other')), finds: ['albums.uri.agrees'] },
  {
    title: 'the URI of another track',
    spoil: oneTrack(set('uri', 'spotify:track:other')),
    finds: ['tracks.uri.agrees'],
  },
  {
    title: 'every album lost its first track, and says nothing of it',
    spoil: then(
      every((album) => {
        if (album.tracks.items.length > 1) album.tracks.items.shift()
        album['total_tracks'] = album.tracks.items.length
      }),
      recount
    ),
    finds: ['tracks.track_number.whole'],
  },
  {
    title: 'tracks in reverse',
    spoil: every(({ tracks }) => {
      tracks.items.reverse()
    }),
    finds: ['tracks.position.ordered'],
  },
  {
    title: 'artists whose name differs from album to track',
    spoil: everyTrack(({ artists }) => artists.forEach(set('name', 'X'))),
    finds: ['artists.name.one'],
  },
  {
    title: 'an album that the run does not count',
    spoil: ({ run }) => {
      run.progress.albumsFetched -= 1
    },
    finds: ['albums.rows.total'],
  },
  {
    title: 'a track that the run does not count',
    spoil: ({ run }) => {
      run.progress.tracks -= 1
    },
    finds: ['tracks.rows.total'],
  },

  {
    title: 'new releases of last year',
    spoil: every((album, index) => {
      album['release_date'] = `2025-11-${10 + index % 20}`
    }),
    finds: [
      'albums.release_date_precision.agrees',
      'albums.release_date.newest',
      'albums.release_date.recent',
    ],
  },
  {
    title: 'half of the new releases are old',
    spoil: every((album, index) => {
      if (index > 50) album['release_date'] = '2024-01-01'
    }),
    finds: ['albums.release_date.recent'],
  },
  {
    title: 'nothing new for three weeks',
    spoil: ({ run }) => {
      run.finishedAt = '2026-12-11T00:00:00Z'
    },
    finds: ['albums.release_date.newest', 'albums.release_date.recent'],
  },

  { title: 'all albums have one name', spoil: every(set('name', 'Album')), finds: ['albums.name.varied'] },
  {
    title: 'all dates are equal',
    spoil: every((album) => Object.assign(album, { release_date: '2026-11-20', release_date_precision: 'day' })),
    finds: ['albums.release_date.varied'],
  },
  {
    title: 'all durations are equal',
    spoil: everyTrack(set('duration_ms', 180_000)),
    finds: ['tracks.duration_ms.varied'],
  },

  {
    title: 'half of the albums',
    isCompared: true,
    spoil (document) {
      document.albums = document.albums.filter((_album, index) => index % 2 === 0)
      document.run.progress.albumsListed = 50
      recount(document)
    },
    finds: ['albums.rows.volume'],
  },
  {
    title: 'half of the tracks',
    isCompared: true,
    spoil: then(
      every((album) => {
        rowsGone(album, Math.floor(album.tracks.items.length / 2))
        album['total_tracks'] = album.tracks.items.length
      }),
      recount
    ),
    finds: ['tracks.rows.volume'],
  },
  {
    title: 'a field of albums disappears',
    isCompared: true,
    spoil: every(drop('copyrights')),
    finds: ['albums.fields.missing'],
  },
  {
    title: 'a field of albums with a column disappears',
    isCompared: true,
    spoil: every(drop('label')),
    finds: ['albums.label.present', 'albums.fields.missing', 'albums.nulls.drift'],
  },
  { title: 'a new field of albums', isCompared: true, spoil: every(set('mood', 'blue')), finds: ['albums.fields.new'] },
  {
    title: 'a field of tracks disappears',
    isCompared: true,
    spoil: everyTrack(drop('preview_url')),
    finds: ['tracks.fields.missing'],
  },
  {
    title: 'a new field of tracks',
    isCompared: true,
    spoil: everyTrack(set('mood', 'blue')),
    finds: ['tracks.fields.new'],
  },
  {
    title: 'a column of tracks is null',
    isCompared: true,
    spoil: everyTrack(set('is_local', null)),
    finds: ['tracks.nulls.drift'],
  },
  {
    title: 'a field of artists disappears',
    isCompared: true,
    spoil: everyArtist(drop('href')),
    finds: ['artists.fields.missing'],
  },
  {
    title: 'a new field of artists',
    isCompared: true,
    spoil: everyArtist(set('mood', 'blue')),
    finds: ['artists.fields.new'],
  },
  {
    title: 'a column of artists is null',
    isCompared: true,
    spoil: everyArtist(set('external_urls', null)),
    finds: ['artists.nulls.drift'],
  },
]

/** Five good runs of other seeds. */
export function earlierRuns (tier: 'extended' | 'development' = 'extended'): EarlierRun[] {
  return [1, 2, 3, 4, 5].map((seed) => asEarlier(sandboxDocument({ tier, seed }), `earlier-${seed}`))
}

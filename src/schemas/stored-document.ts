import { type TSchema, Type } from '@sinclair/typebox'
import { Nullable } from './nullable.ts'
import { Run } from './run.ts'

const asSpotifySentIt = (title: string) => ({
  title,
  description: 'as Spotify sent it, with whatever other fields it sends: see its Web API reference',
  additionalProperties: true,
})

/** Any of it may be missing, and most of it has been seen as null: only what the service checks is promised. */
const asSeen = <T extends TSchema>(schema: T) => Type.Optional(Nullable(schema))

const Artist = Type.Object({ id: asSeen(Type.String()), name: asSeen(Type.String()) }, asSpotifySentIt('Artist'))

export const Track = Type.Object({
  id: asSeen(Type.String()),
  name: asSeen(Type.String()),
  disc_number: asSeen(Type.Integer()),
  track_number: asSeen(Type.Integer()),
  duration_ms: asSeen(Type.Integer()),
  artists: asSeen(Type.Array(Artist)),
}, asSpotifySentIt('Track'))

export const Album = Type.Object({
  id: Type.String(),
  name: asSeen(Type.String()),
  album_type: asSeen(Type.String()),
  release_date: asSeen(Type.String({ description: 'a day, a month or a year' })),
  total_tracks: asSeen(Type.Integer()),
  artists: asSeen(Type.Array(Artist)),
  tracks: Type.Object({
    items: Type.Array(Track, { description: "every track of every page, in Spotify's order" }),
    next: Nullable(Type.String()),
  }, { additionalProperties: true }),
}, asSpotifySentIt('Album'))

const { file: _file, quality: _quality, ...withoutFile } = Run.properties

const NO_VERDICT = 'null: the document is judged after this was written; the run has its verdict'

/** The file that a run leaves. It is sent as it is stored; this schema is for those who read it. */
export const StoredJson = Type.Object({
  ...withoutFile,
  quality: Type.Null({ description: NO_VERDICT }),
  albums: Type.Array(Album, { description: 'in the order of the listing, no album twice' }),
}, { title: 'Document', description: 'The run, and its albums with all their tracks' })

export const TracksByAlbum = Type.Record(
  Type.String(),
  Type.Array(Track),
  { title: 'TracksByAlbum', description: 'What ?format=tracks gives: the tracks of each album under its id' }
)

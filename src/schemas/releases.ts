import { Type } from '@sinclair/typebox'
import { Nullable } from './nullable.ts'
import { Pattern } from './pattern.ts'
import { headerText } from './response.ts'

const Text = Nullable(Type.String())

const ReleaseArtist = Type.Object({ id: Text, name: Text }, { title: 'ReleaseArtist' })

const Release = Type.Object({
  albumId: Type.String(),
  name: Nullable(Type.String({ description: 'at most 500 characters of it' })),
  artists: Nullable(Type.Array(ReleaseArtist, { description: 'the first 20' })),
  releaseDate: Nullable(Type.String({ description: 'a day, a month or a year' })),
  url: Text,
  imageUrl: Text,
  firstSeenAt: Type.String({ format: 'date-time', description: 'when it entered this list: RFC 3339, UTC' }),
  runId: Nullable(Type.String({ description: 'the run whose document had it first; null when that run is gone' })),
}, {
  title: 'Release',
  description: 'an album that a document had, and none before it; all but id and time is null when its run is gone',
})

export const ReleaseList = Type.Object({
  releases: Type.Array(Release),
  nextCursor: Nullable(
    Type.String({ description: '`since` of the next request; null while there is no release at all' })
  ),
}, { title: 'ReleaseList' })

export const ReleasesQuery = Type.Object({
  since: Type.Optional(Pattern('^[A-Za-z0-9_-]{1,120}$', 'nextCursor of an earlier answer', {
    description: 'nextCursor of an earlier answer: only releases that were first seen after its last one',
  })),
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'releases on a page' }),
}, { additionalProperties: false })

const FEED_HEADERS = {
  etag: headerText('strong'),
  'last-modified': headerText('when the newest release entered the list; absent for seconds after that'),
}

/** A feed, by its media type. */
export const feedResponses = (mediaType: string) => ({
  200: {
    description: 'the newest 100 releases whose runs are kept',
    headers: FEED_HEADERS,
    content: { [mediaType]: { schema: Type.String() } },
  },
  304: { type: 'null', description: 'the client has it already' },
})

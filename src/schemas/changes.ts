import { Type } from '@sinclair/typebox'
import { Literals } from './literals.ts'
import { Nullable } from './nullable.ts'
import { headerText } from './response.ts'
import { Gap } from './run.ts'
import { RunId } from './run-id.ts'

/** Why an album that is not in a document may have been listed all the same. */
export const HIDING_REASONS = [
  'album_gap', 'listing_incomplete', 'listing_capped', 'listing_limited', 'run_ended_early', 'source_differs'
] as const
export type HidingReason = typeof HIDING_REASONS[number]

const Reason = Literals(HIDING_REASONS, 'album_gap: a gap names it; listing_incomplete, listing_capped: the listing ' +
  'has that gap; listing_limited: it stopped at `limit`; run_ended_early: failed or canceled; source_differs: the ' +
  'other run used another source')

const NAME = { albumId: Type.String(), name: Nullable(Type.String({ description: 'at most 500 characters of it' })) }

const FieldChange = Type.Object({
  field: Type.String(),
  before: Type.Optional(Type.Unknown({ description: 'as Spotify sent it; absent where there was no such field' })),
  after: Type.Optional(Type.Unknown({ description: 'as Spotify sent it; absent where there is no such field' })),
}, { title: 'FieldChange' })

const TRACK_NAME = {
  trackId: Nullable(Type.String()),
  name: Nullable(Type.String()),
  discNumber: Nullable(Type.Integer()),
  trackNumber: Nullable(Type.Integer()),
}
const TrackName = Type.Object(TRACK_NAME, { title: 'TrackName' })
const ChangedTrack = Type.Object({ ...TRACK_NAME, fields: Type.Array(FieldChange) }, { title: 'ChangedTrack' })

const TrackChanges = Type.Object({
  added: Type.Array(TrackName),
  removed: Type.Array(TrackName),
  changed: Type.Array(ChangedTrack),
  unknown: Type.Array(TrackName, { description: 'a gap of the run may hide them' }),
}, { title: 'TrackChanges' })

const AddedAlbum = Type.Object({
  ...NAME,
  listedBefore: Nullable(Type.Boolean({
    description: 'true: a gap of `since` names it; false: it was not listed ' +
    'then; null: not known, since that listing was not whole'
  })),
}, { title: 'AddedAlbum' })
const ChangedAlbum = Type.Object(
  { ...NAME, fields: Type.Array(FieldChange), tracks: TrackChanges }, { title: 'ChangedAlbum' }
)
const DelistedAlbum = Type.Object(NAME, { title: 'DelistedAlbum' })
const UnknownAlbum = Type.Object({ ...NAME, reason: Reason }, { title: 'UnknownAlbum' })

const Wholeness = Type.Object({ whole: Type.Boolean(), reason: Nullable(Reason) }, {
  title: 'Wholeness',
  description: 'whether an album that is neither in the document nor named by a gap was surely not listed',
})

export const Changes = Type.Object({
  runId: Type.String(),
  since: Type.String({ description: 'the run that it is compared with' }),
  gaps: Type.Object({ before: Type.Array(Gap), after: Type.Array(Gap) }),
  listing: Type.Object({ before: Wholeness, after: Wholeness }),
  changed: Type.Array(ChangedAlbum, { description: 'in both documents, and not the same' }),
  added: Type.Array(AddedAlbum, { description: 'in this document only' }),
  delisted: Type.Array(
    DelistedAlbum, { description: "listed then and not now; that is not withdrawn: Spotify's search forgets" }
  ),
  unknown: Type.Array(UnknownAlbum, { description: 'in the document of `since` only, and perhaps listed now' }),
  counts: Type.Object({
    added: Type.Integer(), changed: Type.Integer(), delisted: Type.Integer(), unknown: Type.Integer(),
  }),
}, { title: 'Changes' })

export const ChangesQuery = Type.Object({
  since: Type.Optional(
    RunId('the run to compare with; else the newest one before that has an equal request and a document')
  ),
}, { additionalProperties: false })

export const changesResponses = {
  200: {
    description: 'what has changed',
    headers: { etag: headerText('strong'), 'last-modified': headerText('when the later run ended') },
    content: { 'application/json': { schema: Changes } },
  },
  304: { type: 'null', description: 'the client has it already' },
}

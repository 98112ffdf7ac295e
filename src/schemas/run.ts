import { type Static, Type } from '@sinclair/typebox'
import { RUN_ERROR_CODES, describeCodes } from '../error-codes.ts'
import { PAGINATIONS, SOURCES, USED_SOURCES } from './ingest-body.ts'
import { Literals } from './literals.ts'
import { Nullable } from './nullable.ts'
import { QualityVerdict } from './quality.ts'

const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' })
const Count = Type.Integer({ minimum: 0 })

export const RUN_STATUSES = ['queued', 'running', 'paused', 'succeeded', 'partial', 'failed', 'canceled'] as const

/** A request with every default filled in. */
export const RunRequest = Type.Object({
  source: Literals(SOURCES),
  limit: Type.Integer({ minimum: 1 }),
  pagination: Literals(PAGINATIONS),
  market: Nullable(Type.String()),
  refresh: Type.Boolean(),
  query: Type.Optional(Type.String()),
  artistIds: Type.Optional(Type.Array(Type.String())),
  albumIds: Type.Optional(Type.Array(Type.String())),
}, { title: 'RunRequest', description: 'the request with every default filled in' })
export type RunRequest = Static<typeof RunRequest>

export const Gap = Type.Object({
  albumId: Nullable(Type.String()),
  name: Nullable(Type.String()),
  code: Type.String(),
  detail: Type.String(),
  expectedTracks: Nullable(Count),
  tracks: Count,
}, {
  title: 'Gap',
  description: 'anything that was promised and is not in the document; `albumId` is null where the ' +
  'listing itself lost something'
})
/** Anything that was promised and is not in the document. `albumId` is null where the listing itself lost something. */
export type Gap = Static<typeof Gap>

const UsedSource = Type.Object({
  used: Literals(USED_SOURCES),
  query: Nullable(Type.String()),
  reason: Nullable(Type.String({ description: 'why another source than the first choice was used' })),
}, { title: 'UsedSource' })
export type UsedSource = Static<typeof UsedSource>

const ListingEnd = Type.Object({
  exhausted: Type.Boolean({
    description: 'Spotify showed all it has, and all of it is in the run; false also where it has more than `limit`',
  }),
  cappedAt: Nullable(Type.Integer({ minimum: 0, description: 'its search shows no more than so many results' })),
}, { title: 'ListingEnd', description: 'how the listing ended' })
export type ListingEnd = Static<typeof ListingEnd>

const Progress = Type.Object({ albumsListed: Count, albumsFetched: Count, tracks: Count }, { title: 'Progress' })
export type Progress = Static<typeof Progress>

const Cost = Type.Object({
  /** Sent to the Web API, refused and repeated ones included; token requests are not. */
  calls: Count,
  /** Calls that were sent again after a fault. */
  retries: Count,
  /** Milliseconds in which at least one call waited for the pacer. */
  throttledMs: Count,
  cached: Type.Integer({ minimum: 0, description: 'albums that an earlier run had fetched: they cost no call' }),
  byEndpoint: Type.Record(Type.String(), Count),
}, { title: 'Cost', description: 'calls to Spotify, and what was waited for its limit' })
export type Cost = Static<typeof Cost>

export const WAITING_FOR = ['pace', 'pause', 'retry', 'queue'] as const

export const Waiting = Type.Object({
  for: Literals(WAITING_FOR, 'pace: as many calls as are allowed in 30 s were made; pause: Spotify named a time; ' +
    'retry: backoff after a fault; queue: other runs go first'),
  until: Nullable(Timestamp),
  detail: Type.String({ examples: ['90 of 90 calls in 30 s'] }),
}, {
  title: 'Waiting',
  description: 'what the run waits for; null unless it stands still: it has no call in flight ' +
  'and at least one that waits'
})
export type Waiting = Static<typeof Waiting>

const Trigger = Type.Object({
  kind: Literals(['api', 'cli', 'schedule']),
  name: Nullable(Type.String({ description: 'of the schedule' })),
}, { title: 'Trigger', description: 'what started the run' })
export type Trigger = Static<typeof Trigger>

const StoredFile = Type.Object({ name: Type.String(), bytes: Count, sha256: Type.String() }, { title: 'StoredFile' })
export type StoredFile = Static<typeof StoredFile>

const RunFailure = Type.Object({
  code: Type.String({ description: describeCodes(RUN_ERROR_CODES) }),
  detail: Type.String(),
}, {
  title: 'RunError',
  description: 'what happened, the evidence, and what to do; null unless the run failed, was canceled or is paused',
})
export type RunFailure = Static<typeof RunFailure>

/** One execution of the batch job, as every route shows it. */
export const Run = Type.Object({
  id: Type.String(),
  status: Literals(RUN_STATUSES),
  complete: Nullable(Type.Boolean({ description: 'succeeded and nothing missing; null until the run has ended' })),
  request: RunRequest,
  source: Nullable(UsedSource),
  createdAt: Timestamp,
  startedAt: Nullable(Timestamp),
  finishedAt: Nullable(Timestamp),
  resumeAt: Nullable(Timestamp),
  progress: Progress,
  listing: Nullable(ListingEnd),
  waiting: Nullable(Waiting),
  trigger: Trigger,
  quality: Nullable(QualityVerdict),
  gaps: Type.Array(Gap),
  cost: Cost,
  error: Nullable(RunFailure),
  file: Nullable(StoredFile),
}, { title: 'Run', description: 'One execution of the batch job' })
export type Run = Static<typeof Run>
export type RunStatus = Run['status']

/**
 * One row per run. `record` is the truth; the other columns are indexes on it, or belong to the process that executes
 * the run.
 */
export interface RunRow {
  id: string
  status: string
  /** 1 while the run has not ended. */
  pending: number
  /** The file name of the run's document, or null. */
  document_name: string | null
  finished_ms: number | null
  /** Equal requests have equal keys. */
  request_key: string
  /** JSON. */
  record: string
  /** Checksum over `id` and `record`. */
  checksum: string
  /** Raised by each change of `record`. */
  version: number
  /** The process that executes the run, or null. */
  owner: string | null
  /** When the owner was last heard of, on the database's clock. */
  beat_ms: number | null
  /** The run as the owner shows it: JSON with its checksum, or null. */
  live: string | null
  /** 1: a client wants the run to end. */
  cancel_wanted: number
  /** 1: the releases of the run's present document are recorded. */
  releases_done: number
}

/** One row per ledger event of a run: a fact, and an answer of Spotify where one belongs to it. */
export interface LedgerEventRow {
  run_id: string
  execution: number
  seq: number
  /** JSON. */
  event: string
  /** JSON as Spotify sent it, or null. */
  body: string | null
  checksum: number
}

/** One row per Idempotency-Key. */
export interface ClaimRow {
  /** Hash of the key and its owner. */
  name: string
  run_id: string
  request_key: string
  claimed_ms: number
}

/** One row per album that runs share. */
export interface CachedAlbumRow {
  key: string
  stored_ms: number
  bytes: number
  /** JSON: facts about the body. */
  meta: string
  body: string
  checksum: number
}

/** One row per small state that outlives the process. */
export interface StateRow {
  kind: string
  /** Whose it is. */
  scope: string
  /** JSON with its checksum. */
  value: string
}

/** One row per account at Spotify: how we stand with it. */
export interface ThrottleRow {
  account: string
  /** JSON with its checksum. */
  throttle: string
}

/** One row per call in the rate window. */
export interface PermitRow {
  account: string
  id: string
  /** When it is free again, on the database's clock. */
  free_ms: number
}

/** Calls to Spotify by account, endpoint and epoch hour. */
export interface CallCountRow {
  account: string
  endpoint: string
  hour: number
  calls: number
}

/** A piece of the gzip copy of a document, where replicas share no disk. */
export interface DocumentPieceRow {
  run_id: string
  /** SHA-256 of the document, unpacked. */
  sha256: string
  seq: number
  bytes: Buffer
}

/** One row per document that was judged. */
export interface QualityReportRow {
  run_id: string
  /** The key of the request: equal requests have equal ones. */
  request: string
  tier: string
  finished_ms: number
  /** 1: later runs are compared with it. */
  comparable: number
  /** SHA-256 of the document. */
  sha256: string
  /** What later runs are compared with: JSON with its checksum. */
  profile: string
  /** The rest of the report: JSON with its checksum. */
  report: string
}

/** One row per run that was executed: its history. */
export interface TimelineRow {
  run_id: string
  /** The execution that wrote it last. */
  execution: number
  /** JSON with its checksum. */
  steps: string
}

/** One row per album that any document ever had. Rows are never deleted; their content goes with its run. */
export interface ReleaseRow {
  /** The order in which they were first seen, without a hole. */
  seq: number
  album_id: string
  /** When it was recorded, on the database's clock; never earlier than that of the row before. */
  first_seen_ms: number
  /** The run whose document had it first; null: that run is gone. */
  run_id: string | null
  /** JSON with its checksum; null: its run is gone. */
  content: string | null
}

export interface Tables {
  runs: RunRow
  ledger_events: LedgerEventRow
  claims: ClaimRow
  cached_albums: CachedAlbumRow
  states: StateRow
  throttles: ThrottleRow
  permits: PermitRow
  call_counts: CallCountRow
  document_pieces: DocumentPieceRow
  quality_reports: QualityReportRow
  timelines: TimelineRow
  releases: ReleaseRow
}

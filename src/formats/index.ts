import { csv } from './csv.ts'
import { ndjson } from './ndjson.ts'
import { tracks } from './tracks.ts'

/** One way to show a document. */
export interface Format {
  contentType: string
  /** What a client says in `Accept` for it; null where its media type is another format's. */
  mediaType: string | null
  extension: string
  /** Part of the ETag. Raise it when the same document gives other bytes than before. */
  revision: number
  /** Made from the albums, each as its JSON text, while they are read; null: the document itself, as it is stored. */
  write: ((albums: AsyncIterable<Buffer>) => AsyncIterable<Buffer | string>) | null
}

export const FORMAT_NAMES = ['json', 'ndjson', 'csv', 'tracks'] as const
export type FormatName = typeof FORMAT_NAMES[number]

export const FORMATS: Record<FormatName, Format> = {
  json: {
    contentType: 'application/json; charset=utf-8',
    mediaType: 'application/json',
    extension: '.json',
    revision: 1,
    write: null,
  },
  ndjson: {
    contentType: 'application/x-ndjson',
    mediaType: 'application/x-ndjson',
    extension: '.ndjson',
    revision: 1,
    write: ndjson,
  },
  csv: { contentType: 'text/csv; charset=utf-8', mediaType: 'text/csv', extension: '.csv', revision: 2, write: csv },
  tracks: {
    contentType: 'application/json; charset=utf-8',
    mediaType: null,
    extension: '.tracks.json',
    revision: 2,
    write: tracks,
  },
}

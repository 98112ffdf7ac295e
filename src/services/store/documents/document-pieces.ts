import { createReadStream } from 'node:fs'
import type { Queries } from '../../database/database.ts'

/** The compressed documents in the database, in pieces: for replicas, which share no disk. */
export interface DocumentPieces {
  /** Stores the compressed copy of a document in place of what there is of it. */
  store: (runId: string, sha256: string, copy: string) => Promise<void>
  /** Yields nothing where the document is not stored. */
  read: (runId: string, sha256: string) => AsyncGenerator<Buffer>
  /** Deletes the documents of the run, but for the one of that content. */
  remove: (runId: string, exceptSha256?: string) => Promise<void>
  /** Deletes the documents of runs that are gone. */
  sweep: () => Promise<void>
}

/** A row of the database. */
const PIECE_BYTES = 256 * 1024

export function createDocumentPieces (queries: Queries): DocumentPieces {
  return {
    async store (runId, sha256, copy) {
      await queries.deleteFrom('document_pieces').where('run_id', '=', runId).where('sha256', '=', sha256).execute()
      let seq = 0
      for await (const bytes of createReadStream(copy, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>) {
        await queries.insertInto('document_pieces').values({ run_id: runId, sha256, seq: seq++, bytes }).execute()
      }
    },

    async * read (runId, sha256) {
      for (let seq = 0; ; seq++) {
        const row = await queries.selectFrom('document_pieces').select('bytes')
          .where('run_id', '=', runId).where('sha256', '=', sha256).where('seq', '=', seq).executeTakeFirst()
        if (row === undefined) return
        yield row.bytes
      }
    },

    async remove (runId, exceptSha256 = '') {
      await queries.deleteFrom('document_pieces').where('run_id', '=', runId).where('sha256', '!=', exceptSha256)
        .execute()
    },

    async sweep () {
      await queries.deleteFrom('document_pieces').where('run_id', 'not in', queries.selectFrom('runs').select('id'))
        .execute()
    },
  }
}

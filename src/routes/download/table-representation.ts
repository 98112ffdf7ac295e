import type { FastifyRequest } from 'fastify'
import type { DocumentedRun } from '../../services/run-record.ts'
import { documentName } from '../../services/runs/transitions.ts'
import type { Table } from '../../services/tables/define-table.ts'
import { documentDamaged } from '../../services/store/storage-failure.ts'
import { RAW_CSV, TABLE_FORMATS, type TableFormat } from '../../services/tables/table-formats.ts'
import { VERSION } from '../../version.ts'
import type { Choice } from './send-document.ts'
import { chooseTableFormat } from './negotiation.ts'
import type { Validators } from './conditional.ts'
import { convert, storedDocument } from './representation.ts'

/** How a request wants its table. Throws `not_acceptable`. */
export interface TableChoice {
  format: TableFormat
  /** Tells it from the others in the ETag. */
  name: string
}

export function chooseTable (request: FastifyRequest): TableChoice {
  const name = chooseTableFormat(request)
  const isRaw = name === 'csv' && (request.query as { raw?: boolean }).raw === true
  return isRaw ? { format: RAW_CSV, name: 'csv-raw' } : { format: TABLE_FORMATS[name], name }
}

/** A table of a run, made from its stored document while it is sent. */
export function tableChoice (run: DocumentedRun, table: Table, { format, name }: TableChoice): Choice {
  const { contentType, extension, revision, write } = format
  const validators: Validators = {
    etag: `"${run.file.sha256}-${table.name}-${name}-${revision}-${VERSION}"`,
    modifiedMs: Date.parse(run.finishedAt ?? run.createdAt),
  }
  return {
    vary: 'Accept',
    known: validators,
    async open (path, begin) {
      if (path === null) throw documentDamaged()
      const document = storedDocument(run.file, path)
      await document.check()
      return {
        ...validators,
        contentType,
        fileName: documentName(run).replace('.json', `.${table.name}${extension}`),
        coding: null,
        bytes: null,
        read: async (_range, response) => {
          return await convert(document, (albums) => write(table, run, albums), begin, response)
        },
      }
    },
  }
}

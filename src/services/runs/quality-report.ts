import { createReadStream } from 'node:fs'
import type { QualityReport } from '../../schemas/quality.ts'
import type { Run, StoredFile } from '../../schemas/run.ts'
import { ServiceError } from '../../errors.ts'
import { albumLines } from '../../formats/album-lines.ts'
import type { Log } from '../log.ts'
import { createInspection } from '../quality/inspection.ts'
import type { Quality } from '../quality/quality.ts'
import type { RunStore } from '../store/run-store.ts'
import { hasEnded } from '../run-record.ts'

interface QualityReportsOptions {
  quality: Quality
  store: Pick<RunStore, 'update'>
  documentPath: (run: Run) => Promise<string | null>
  log: Log
}

/**
 * Returns a function that gives the report of a run. It is stored with the run's end; where it is missing (the run is
 * of an earlier release, or the row is damaged), the stored document is inspected again, once for all who ask.
 * Throws `run_not_finished`, `document_not_found`, `storage_failed`.
 */
export function createQualityReports (
  { quality, store, documentPath, log }: QualityReportsOptions
): (run: Run) => Promise<QualityReport> {
  const making = new Map<string, Promise<QualityReport>>()

  async function makeReport (run: Run, file: StoredFile): Promise<QualityReport> {
    const path = await documentPath(run)
    const inspection = createInspection(run)
    if (path !== null) {
      const albums = albumLines(createReadStream(path, { highWaterMark: READ_BYTES }))
      for await (const album of albums) inspection.add(JSON.parse(album.toString()))
    }
    const judgement = await quality.judge(run, inspection.findings())
    await store.update(
      run.id,
      (before) =>
        before.run.file?.sha256 === file.sha256
          ? { ...before, run: { ...before.run, quality: judgement.verdict } }
          : before,
      false,
      async (within) => await quality.save(run, file, judgement, within)
    )
    log.info({ runId: run.id, quality: judgement.verdict }, 'quality report made from the stored document')
    return judgement.report
  }

  return async (run) => {
    if (!hasEnded(run)) {
      throw new ServiceError('run_not_finished', `the run is ${run.status}: ask again`, { retryAfterSeconds: 5 })
    }
    const { id, file } = run
    if (file === null) throw withoutDocument(run)
    const stored = await quality.read(id, file)
    if (stored !== null) return stored
    const content = `${id} ${file.sha256}`
    const made = making.get(content) ?? makeReport(run, file).finally(() => making.delete(content))
    making.set(content, made)
    return await made
  }
}

/** Between two pieces everything else has its turn. */
const READ_BYTES = 128 * 1024

function withoutDocument ({ status, error }: Run): ServiceError {
  const reason = error === null ? status : `${error.code}: ${error.detail}`
  return new ServiceError('document_not_found', `the run has no document to check (${reason})`)
}

import { readFile } from 'node:fs/promises'
import type { Job, Outcome } from './contender.ts'
import { countDocument } from '../run.ts'

const LONGEST_MS = 600_000

/** The service without its HTTP side: the app, in this process, which never listens. */
export async function openPipeline (): Promise<(job: Job, startedMs: number) => Promise<Outcome[]>> {
  const { buildApp } = await import('../../src/app.ts')
  const { pino } = await import('pino')
  const app = await buildApp({ env: process.env, logger: pino() })
  await app.ready()
  let started = 0

  return async ({ albums, times, refresh }, startedMs) => await Promise.all(Array.from({ length: times }, async () => {
    const { id } = await app.runs.start({ limit: albums, refresh }, { owner: null, value: `run-${++started}` })
    const run = await app.runs.waitForEnd(id, LONGEST_MS, AbortSignal.timeout(LONGEST_MS))
    const endedMs = performance.now() - startedMs
    const path = await app.runs.documentPath(run)
    const counts = path === null ? { albums: 0, tracks: 0 } : countDocument(await readFile(path, 'utf8'))
    return { ...counts, endedMs, error: run.status === 'succeeded' ? null : `${run.status}: ${run.error?.code ?? `${run.gaps.length} gaps`}` }
  }))
}

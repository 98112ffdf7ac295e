import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import type { StoredFile } from '../../../src/schemas/run.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import type { RunStore } from '../../../src/services/store/run-store.ts'

const REQUEST = { source: 'auto' as const, limit: 100, pagination: 'next' as const, market: null, refresh: false }

/** A document with these albums, as a file named after its content. */
export async function storeDocument (folder: string, albumIds: string[]): Promise<StoredFile> {
  const albums = albumIds.map((id) => JSON.stringify({ id, name: `Album ${id}`, tracks: { items: [] } }))
  const text = `{"id":"run","albums":[${albums.map((album, n) => `${n === 0 ? '' : ','}\n${album}`).join('')}\n]}\n`
  const sha256 = createHash('sha256').update(text).digest('hex')
  await writeFile(join(folder, sha256), text)
  return { name: `${uuidv7()}.json`, bytes: Buffer.byteLength(text), sha256 }
}

/** Stores a run that has ended with that document, and returns its id. */
export async function endRun (store: RunStore, file: StoredFile | null): Promise<string> {
  const { run, ...record } = newRecord(uuidv7(), REQUEST, Date.now())
  const finishedAt = new Date().toISOString()
  await store.admit({
    record: { ...record, run: { ...run, status: 'partial', complete: false, finishedAt, file } },
    key: { name: run.id, validFromMs: 0 },
    maxPending: 1000,
  })
  return run.id
}

import { createHash } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { Run } from '../src/schemas/run.ts'
import { documentName, newRecord } from '../src/services/runs/transitions.ts'
import { openSqlite } from '../src/services/database/sqlite.ts'
import { createOwners } from '../src/services/store/owner.ts'
import { createRunStore } from '../src/services/store/run-store.ts'

/**
 * A run that ended with a document of a given size, as the service would have stored it, and what each format of it
 * must be.
 */
export interface BigRun {
  run: Run
  path: string
  albums: number
  tracks: number
  /** SHA-256 by format. */
  sha256: { json: string, ndjson: string, tracks: string }
}

const TRACKS_PER_ALBUM = 30
const WRITE_BYTES = 1024 * 1024

/** Writes it, an album at a time; `isGarbled`: with something in its middle that is no JSON. */
export async function storeBigRun (
  dataDir: string,
  bytesAtLeast: number,
  isGarbled = false,
  tracksPerAlbum = TRACKS_PER_ALBUM
): Promise<BigRun> {
  const nowMs = Date.now()
  const record = newRecord(
    uuidv7(),
    { source: 'auto', limit: 100, pagination: 'next', market: null, refresh: false },
    nowMs
  )
  const at = new Date(nowMs).toISOString()
  const run: Run = { ...record.run, status: 'succeeded', complete: true, startedAt: at, finishedAt: at }
  const name = documentName(run)
  const folder = join(dataDir, 'documents', ...at.slice(0, 10).split('-'))
  await mkdir(folder, { recursive: true })

  const file = await open(join(folder, name), 'w')
  const hashes = { json: createHash('sha256'), ndjson: createHash('sha256'), tracks: createHash('sha256') }
  let pending: string[] = []
  let pendingLength = 0
  let bytes = 0
  async function write (text: string, isLast = false): Promise<void> {
    pending.push(text)
    pendingLength += text.length
    if (pendingLength < WRITE_BYTES && !isLast) return
    const data = Buffer.from(pending.join(''))
    pending = []
    pendingLength = 0
    bytes += data.length
    hashes.json.update(data)
    await file.writeFile(data)
  }
  const { file: _file, ...head } = run
  await write(`${JSON.stringify(head).slice(0, -1)},"albums":[`)
  let albums = 0
  for (; bytes < bytesAtLeast; albums++) {
    if (isGarbled && bytes > bytesAtLeast / 2) {
      await write('{'.repeat(1000))
      isGarbled = false
    }
    const album = albumOf(albums, tracksPerAlbum)
    const text = JSON.stringify(album)
    await write(`${albums === 0 ? '\n' : ',\n'}${text}`)
    hashes.ndjson.update(`${text}\n`)
    hashes.tracks.update(`${albums === 0 ? '{\n' : ',\n'}"${album.id}":${JSON.stringify(album.tracks.items)}`)
  }
  await write('\n]}\n', true)
  hashes.tracks.update('\n}\n')
  await file.close()

  const sha256 = {
    json: hashes.json.digest('hex'),
    ndjson: hashes.ndjson.digest('hex'),
    tracks: hashes.tracks.digest('hex'),
  }
  const ended = { ...run, file: { name, bytes, sha256: sha256.json } }
  const database = await openSqlite(join(dataDir, 'service.db'), { now: Date.now })
  const owners = createOwners()
  const store = createRunStore(database, owners, pino({ level: 'silent' }))
  await store.admit({ record, key: null, maxPending: Infinity })
  await store.update(run.id, (before) => ({ ...before, executions: 1, run: ended }))
  owners.close()
  await database.close()
  return { run: ended, path: join(folder, name), albums, tracks: albums * tracksPerAlbum, sha256 }
}

interface Item { id: string }

function albumOf (number: number, tracks: number): Item & { tracks: { items: Item[] } } {
  const id = `album${number}`.padEnd(22, '0')
  return {
    ...described('album', id, `Ärger, "${number}"`),
    album_type: 'album',
    release_date: '2026-11-20',
    total_tracks: tracks,
    tracks: {
      items: Array.from({ length: tracks }, (_, place) => ({
        ...described('track', `${id}${place}`, `=${place} 夜に駆ける`),
        disc_number: 1,
        track_number: place + 1,
        duration_ms: 200_000,
        explicit: false,
      })),
      next: null,
    },
  } as Item & { tracks: { items: Item[] } }
}

function described (type: string, id: string, name: string): Item {
  return {
    id,
    name,
    type,
    uri: `spotify:${type}:${id}`,
    href: `https://api.spotify.com/v1/${type}s/${id}`,
    external_urls: { spotify: `https://open.spotify.com/${type}/${id}` },
    artists: [{ id: 'x', name: 'The Artist' }],
  } as Item
}

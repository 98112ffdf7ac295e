import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { albumLines } from '../formats/album-lines.ts'
import type { Conversion } from '../formats/conversions.ts'
import type { Run } from '../schemas/run.ts'
import { type Change, compareDocuments } from '../services/changes/compare.ts'
import type { Sides } from '../services/changes/choose-sides.ts'
import type { DocumentedRun } from '../services/run-record.ts'
import { documentDamaged } from '../services/store/storage-failure.ts'
import { openDocument } from '../services/changes/open-document.ts'
import { createAlbumPlots } from '../web/album-plots.ts'
import { type Cover, MOST_COVERS, coverOf } from '../web/covers.ts'
import { createKept } from '../web/kept.ts'
import { type Plot, plot } from '../web/plot.ts'
import type { Site } from '../web/site.ts'
import type { ChangesView } from '../web/views/run-pages.ts'
import type { ChangeCounts } from '../web/views/run.ts'

const MOST_NAMES = 100
const READ_BYTES = 256 * 1024

/** What was once made of a document does not change: the pages show it at once the next time. */
const plotsByDocument = createKept<Plot[]>()
const changesByDocuments = createKept<ChangeCounts>()

export function keptPlots ({ file }: Run): Plot[] {
  return plotsByDocument.get(file?.sha256 ?? '') ??
    (file === null ? [] : [plot('dates', null), plot('tracks', null), plot('durations', null)])
}

export function keptChanges (before: Run, after: Run): ChangeCounts | null {
  return changesByDocuments.get(sidesKey(before, after)) ?? null
}

function sidesKey (before: Run, after: Run): string {
  return `${before.file?.sha256} ${after.file?.sha256}`
}

/** The request for which a document is read. */
interface Asker {
  app: FastifyInstance
  request: FastifyRequest
  reply: FastifyReply
}

/** Reads the first covers of a run's document; none where it has no document. */
export async function readCovers (asker: Asker, run: Run, site: Site): Promise<Cover[]> {
  const covers: Cover[] = []
  if (run.file === null) return covers
  await whileReading(asker, async ({ inTurns }) => {
    for await (const album of inTurns(albumLines(await chunksOf(asker.app, run)))) {
      covers.push(coverOf(site, JSON.parse(album.toString()) as { id: string }))
      if (covers.length === MOST_COVERS) break
    }
  })
  return covers
}

/** Counts what the plots show of a run's document, one album in memory at a time. */
export async function readPlots (asker: Asker, run: Run): Promise<Plot[]> {
  const { file } = run
  if (file === null) return []
  const kept = plotsByDocument.get(file.sha256)
  if (kept !== undefined) return kept
  const counts = createAlbumPlots()
  await whileReading(asker, async ({ inTurns }) => {
    for await (const album of inTurns(albumLines(await chunksOf(asker.app, run)))) {
      counts.add(JSON.parse(album.toString()))
    }
  })
  return plotsByDocument.keep(file.sha256, counts.plots())
}

/** Compares two documents, and keeps the first names of each kind of change. */
export async function readChanges (asker: Asker, { before, after }: Sides): Promise<ChangesView> {
  const counts: ChangeCounts = { added: 0, changed: 0, delisted: 0, unknown: 0 }
  const albums: ChangesView['albums'] = { added: [], changed: [], delisted: [], unknown: [] }
  await whileReading(asker, async ({ inTurns }) => {
    await using fileBefore = await open(await pathOf(asker.app, before))
    await using fileAfter = await open(await pathOf(asker.app, after))
    const [documentBefore, documentAfter] = [openDocument(fileBefore), openDocument(fileAfter)]
    const changes = compareDocuments(
      { ...documentBefore, run: before, albums: inTurns(documentBefore.albums) },
      { run: after, albums: inTurns(documentAfter.albums) }
    )
    for await (const change of changes) {
      counts[change.kind]++
      const { albumId, name } = change.album
      if (albums[change.kind].length < MOST_NAMES) albums[change.kind].push({ albumId, name, note: noteOn(change) })
    }
  })
  changesByDocuments.keep(sidesKey(before, after), counts)
  return { since: before, counts, albums }
}

function noteOn (change: Change): string | null {
  switch (change.kind) {
    case 'added': return change.album.listedBefore === true ? 'was listed before, as a gap' : null
    case 'changed': return changedText(change.album)
    case 'delisted': return null
    case 'unknown': return change.album.reason.replaceAll('_', ' ')
  }
}

function changedText ({ fields, tracks }: Extract<Change, { kind: 'changed' }>['album']): string {
  const names = fields.map(({ field }) => field)
  const counts = [
    ['added', tracks.added.length], ['removed', tracks.removed.length], ['changed', tracks.changed.length]
  ] as const
  const ofTracks = counts.filter(([, count]) => count > 0).map(
    ([what, count]) => `${count} ${count === 1 ? 'track' : 'tracks'} ${what}`
  )
  return [...names, ...ofTracks].join(', ')
}

/** One reading per client at a time, in turns with those of others; it ends with its client. */
async function whileReading (asker: Asker, work: (conversion: Conversion) => Promise<void>): Promise<void> {
  const { app, request, reply } = asker
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const conversion = await app.conversions.begin(app.clientKey(request) ?? request.ip, gone.signal)
  gone.signal.addEventListener('abort', conversion.end)
  try {
    await work(conversion)
  } finally {
    conversion.end()
  }
}

async function chunksOf (app: FastifyInstance, run: Run): Promise<AsyncIterable<Buffer>> {
  return createReadStream(await pathOf(app, run), { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>
}

/** Throws `storage_failed` where the document is gone or damaged. */
async function pathOf ({ runs }: FastifyInstance, run: Run | DocumentedRun): Promise<string> {
  const path = await runs.documentPath(run)
  if (path === null) throw documentDamaged()
  return path
}

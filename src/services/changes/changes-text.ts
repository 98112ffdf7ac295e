import { open } from 'node:fs/promises'
import type { Run } from '../../schemas/run.ts'
import type { FieldChange } from './album-difference.ts'
import { type Baseline, type Change, type Side, compareDocuments } from './compare.ts'
import { type Hidden, hiddenOf } from './hidden.ts'
import { openDocument } from './open-document.ts'

/** A run, and where its document is. */
export interface LocatedRun {
  run: Run
  path: string
}

type InTurns = <Album>(albums: AsyncIterable<Album>) => AsyncIterable<Album>

/** Writes the changes from one run's document to another's as JSON, while the documents are being read. */
export async function * writeChanges (before: LocatedRun, after: LocatedRun, inTurns: InTurns): AsyncGenerator<string> {
  await using fileBefore = await open(before.path)
  await using fileAfter = await open(after.path)
  const [documentBefore, documentAfter] = [openDocument(fileBefore), openDocument(fileAfter)]
  yield * changesText(
    { ...documentBefore, run: before.run, albums: inTurns(documentBefore.albums) },
    { ...documentAfter, run: after.run, albums: inTurns(documentAfter.albums) }
  )
}

type Kind = Change['kind']

/** The changes are written while they are found; the other lists, which have only names, after them. */
const LATER: ReadonlyArray<Exclude<Kind, 'changed'>> = ['added', 'delisted', 'unknown']

/** Writes changes as JSON, each as soon as it is found. */
export async function * changesText (
  before: Baseline & { run: Run }, after: Side & { run: Run }
): AsyncGenerator<string> {
  const lists: Record<Kind, string[]> = { added: [], changed: [], delisted: [], unknown: [] }
  const counts: Record<Kind, number> = { added: 0, changed: 0, delisted: 0, unknown: 0 }
  yield `${JSON.stringify(headOf(before.run, after.run)).slice(0, -1)},"changed":[`
  for await (const change of compareDocuments(before, after)) {
    counts[change.kind]++
    if (change.kind === 'changed') yield `${counts.changed === 1 ? '\n' : ',\n'}${changedText(change.album)}`
    else lists[change.kind].push(JSON.stringify(change.album))
  }
  yield ']'
  for (const kind of LATER) yield `,"${kind}":[${lists[kind].map((text) => `\n${text}`).join()}]`
  yield `,"counts":${JSON.stringify(counts)}}\n`
}

function headOf (before: Run, after: Run) {
  return {
    runId: after.id,
    since: before.id,
    gaps: { before: before.gaps, after: after.gaps },
    listing: { before: listingOf(hiddenOf(before, after)), after: listingOf(hiddenOf(after, before)) },
  }
}

function listingOf ({ reason }: Hidden) {
  return { whole: reason === null, reason }
}

function changedText ({ fields, tracks, ...name }: (Change & { kind: 'changed' })['album']): string {
  const { changed, ...others } = tracks
  const changedTracks = changed.map(({ fields, ...track }) => withFields(track, fields)).join()
  const tracksText = `${JSON.stringify(others).slice(0, -1)},"changed":[${changedTracks}]}`
  return `${withFields(name, fields).slice(0, -1)},"tracks":${tracksText}}`
}

function withFields (object: object, fields: FieldChange[]): string {
  return `${JSON.stringify(object).slice(0, -1)},"fields":[${fields.map(fieldText).join()}]}`
}

/** The values are JSON already, with numbers as Spotify wrote them. */
function fieldText ({ field, before, after }: FieldChange): string {
  return `{"field":${JSON.stringify(
    field
  )}${before === undefined ? '' : `,"before":${before}`}${after === undefined ? '' : `,"after":${after}`}}`
}

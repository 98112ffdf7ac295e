import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { FieldChange } from '../../../src/services/changes/album-difference.ts'
import { type Change, compareDocuments } from '../../../src/services/changes/compare.ts'
import { type TrackCoverage, type Snapshot, snapshotPair, stored } from './documents.ts'

type Fields = Record<string, unknown>

async function changesOf (before: Snapshot, after: Snapshot): Promise<Change[]> {
  const changes: Change[] = []
  for await (const change of compareDocuments(stored(before), stored(after))) changes.push(change)
  return changes
}

function idsOf (changes: Change[], kind: Change['kind']): string[] {
  return changes.flatMap(({ kind: of, album }) => of === kind ? [album.albumId] : [])
}

/** As it is after it was written and read. */
function read<T> (value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

function withChanges (object: Fields, changes: FieldChange[]): Fields {
  const changed = read(object)
  for (const { field, after } of changes) {
    if (after === undefined) Reflect.deleteProperty(changed, field)
    else {
      Object.defineProperty(changed, field, {
        value: JSON.parse(after),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
  }
  return changed
}

/** The albums of the document before with the changes; of what was added, only the id is known. */
function applied (
  before: TrackCoverage[],
  changes: Change[]
): Map<string, { fields: Fields, tracks: Map<unknown, Fields | null> } | null> {
  const albums = new Map(before.map(({ tracks, ...fields }) => {
    return [
      fields.id,
      {
        fields: read<Fields>(fields),
        tracks: new Map<unknown, Fields | null>(tracks.items.map((track) => [track['id'], read(track)])),
      },
    ]
  }))
  const result = new Map<string, { fields: Fields, tracks: Map<unknown, Fields | null> } | null>(albums)
  for (const { kind, album } of changes) {
    const known = albums.get(album.albumId)
    if (kind === 'added') result.set(album.albumId, null)
    else if (kind === 'delisted' || kind === 'unknown') result.delete(album.albumId)
    else if (known !== undefined) {
      known.fields = withChanges(known.fields, album.fields)
      const { added, removed, unknown, changed } = album.tracks
      for (const { trackId } of [...removed, ...unknown]) known.tracks.delete(trackId)
      for (const { trackId } of added) known.tracks.set(trackId, null)
      for (const { trackId, fields } of changed) {
        known.tracks.set(trackId, withChanges(known.tracks.get(trackId) ?? {}, fields))
      }
    }
  }
  return result
}

t.test('the changes applied to the first document give the second', async () => {
  await fc.assert(fc.asyncProperty(snapshotPair, async ([before, after]) => {
    const result = applied(before.albums, await changesOf(before, after))
    deepStrictEqual([...result.keys()].sort(), after.albums.map(({ id }) => id).sort())
    for (const { tracks, ...fields } of after.albums) {
      const album = result.get(fields.id)
      if (album == null) continue
      deepStrictEqual(album.fields, read<Fields>(fields))
      deepStrictEqual([...album.tracks.keys()].sort(), tracks.items.map((track) => track['id']).sort())
      for (const track of tracks.items) {
        const known = album.tracks.get(track['id'])
        if (known != null) deepStrictEqual(known, read(track))
      }
    }
  }), { numRuns: 200 })
})

t.test('what was listed is never called delisted, and what a whole listing lacks always is', async () => {
  await fc.assert(fc.asyncProperty(snapshotPair, async ([before, after]) => {
    const changes = await changesOf(before, after)
    for (const id of idsOf(changes, 'delisted')) deepStrictEqual(after.listed.includes(id), false)
    const isWhole =
      after.run.listing?.exhausted === true &&
      after.run.error === null &&
      after.run.gaps.every(({ albumId }) => albumId !== null) &&
      before.run.source?.used === after.run.source?.used
    if (isWhole) {
      const gone = before.albums.filter(({ id }) => !after.listed.includes(id)).map(({ id }) => id)
      deepStrictEqual(idsOf(changes, 'delisted').sort(), gone.sort())
    }
  }), { numRuns: 200 })
})

t.test('what is said of added albums, and of tracks that are gone, is true', async () => {
  await fc.assert(fc.asyncProperty(snapshotPair, async ([before, after]) => {
    for (const change of await changesOf(before, after)) {
      if (change.kind === 'added' && change.album.listedBefore !== null) {
        deepStrictEqual(change.album.listedBefore, before.listed.includes(change.album.albumId))
      }
      if (change.kind === 'changed' && after.run.gaps.some(({ albumId }) => albumId === change.album.albumId)) {
        deepStrictEqual(change.album.tracks.removed, [])
      }
    }
  }), { numRuns: 200 })
})

t.test('a document is not different from itself', async () => {
  await fc.assert(fc.asyncProperty(snapshotPair, async ([before]) => {
    deepStrictEqual(await changesOf(before, before), [])
  }))
})

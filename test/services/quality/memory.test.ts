import t from 'tap'
import { createInspection } from '../../../src/services/quality/inspection.ts'
import { bytesKeptBy } from '../../memory.ts'
import { runOf } from './documents.ts'

const MIB = 1024 * 1024
const ALBUMS = 200
const LONG = 20_000

/** An album each of whose texts is long, and no other album's. */
function longAlbum (number: number): unknown {
  const text = (field: string): string => `${field} ${number} ${'x'.repeat(LONG)}`
  const artist = { id: text('artist'), name: text('artist name'), uri: text('artist uri') }
  const track = {
    id: text('track'),
    name: text('track name'),
    uri: text('track uri'),
    artists: [artist],
    external_ids: { isrc: text('isrc') },
  }
  return {
    id: text('album'),
    name: text('name'),
    label: text('label'),
    uri: text('uri'),
    release_date: text('date'),
    [text('field')]: 1,
    artists: [artist],
    tracks: { items: [track] },
    ...number % 2 === 0 ? { external_ids: { upc: text('upc') } } : {},
  }
}

t.test('what is remembered of a document does not grow with its texts', async (t) => {
  const bytes = bytesKeptBy(() => {
    const inspection = createInspection(runOf([]))
    for (let number = 0; number < ALBUMS; number++) inspection.add(JSON.parse(JSON.stringify(longAlbum(number))))
    return [inspection, inspection.findings()]
  })
  t.ok(bytes < 4 * MIB, `${Math.round(bytes / 1024)} KiB of ${Math.round(ALBUMS * 13 * LONG / 1024)} KiB`)
})

import { listOf } from '../fields.ts'
import { isNew, placeOf } from './album-tests.ts'
import type { CheckId } from './checks.ts'
import { readerOf } from './columns.ts'
import type { RowTest } from './row-tests.ts'
import type { Row } from './rows.ts'

const trackId = readerOf('tracks', 'track_id')
const uri = readerOf('tracks', 'uri')
const isLocal = readerOf('tracks', 'is_local')

/** Creates the tests of the tracks of one album that need more than one column, or the tracks before. */
export function createTrackTests (): Array<[id: CheckId, test: RowTest<Row>]> {
  const places = new Set<string>()
  const ids = new Set<string>()
  return [
    ['tracks.artists.some', ({ record }) => listOf(record['artists']).length > 0],
    ['tracks.place.unique', (row) => {
      const place = placeOf(row)
      return place === null ? null : isNew(places, `${place.disc} ${place.number}`)
    }],
    ['tracks.track_id.unique', ({ record }) => {
      const id = trackId(record)
      return typeof id === 'string' && id !== '' ? isNew(ids, id) : null
    }],
    ['tracks.uri.agrees', ({ record }) => {
      const [text, id] = [uri(record), trackId(record)]
      return typeof text === 'string' && typeof id === 'string' && isLocal(record) !== true
        ? text === `spotify:track:${id}`
        : null
    }],
  ]
}

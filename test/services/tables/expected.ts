import type { Test } from 'tap'
import { keyOf, referencesOf } from '../../../src/services/tables/define-table.ts'
import { TABLES } from '../../../src/services/tables/tables.ts'
import type { Duck } from './duckdb.ts'

type Json = Record<string, unknown>

const SQL_TYPES = { DATE: 'DATE', INT32: 'INTEGER', INT64: 'BIGINT', BOOLEAN: 'BOOLEAN', UTF8: 'VARCHAR' }

/** Checks the views of the tables: types, keys, references. */
export async function checkShape (t: Test, duck: Duck): Promise<void> {
  for (const table of TABLES) {
    const described = await duck.query(`select column_name, column_type from (describe ${table.name})`)
    t.strictSame(
      described,
      table.columns.map(({ name, type }) => ({ column_name: name, column_type: SQL_TYPES[type] })),
      table.name
    )
    t.strictSame(
      await duck.query(`select ${keyOf(table).join()} from ${table.name} group by all having count(*) > 1`),
      [],
      `the key of ${table.name} is unique`
    )
    for (const { name } of table.columns.filter(({ nullable }) => !nullable)) {
      t.strictSame(
        await duck.query(`select count(*)::int as nulls from ${table.name} where ${name} is null`),
        [{ nulls: 0 }],
        `${table.name}.${name}`
      )
    }
    for (const { columns, table: target, to } of referencesOf(table)) {
      const on = columns.map((name, place) => `a.${name} = b.${to[place]}`).join(' and ')
      t.strictSame(
        await duck.query(`select a.* from ${table.name} a anti join ${target} b on ${on}`),
        [],
        `${table.name} refers to ${target}`
      )
    }
  }
}

/**
 * Checks that counts, sums and every album of the views are those of the JSON. The albums are as Spotify documents
 * them.
 */
export async function checkContent (t: Test, duck: Duck, albums: readonly Json[]): Promise<void> {
  const tracks = albums.flatMap((album) => itemsOf(album).map((track): Json => ({ ...track, album })))
  const artists = [...albums, ...tracks].flatMap(artistsOf)
  const [counted] = await duck.query(`select (select count(*)::int from albums) albums, (select count(*)::int from tracks) tracks, (select count(*)::int from artists) artists,
    (select count(*)::int from album_artists) album_artists, (select count(*)::int from track_artists) track_artists`)
  t.strictSame(counted, {
    albums: albums.length,
    tracks: tracks.length,
    artists: new Set(artists.map(({ id }) => id)).size,
    album_artists: albums.flatMap(artistsOf).length,
    track_artists: tracks.flatMap(artistsOf).length,
  })
  const [summed] = await duck.query(`select sum(duration_ms)::bigint tracks_ms, count(*) filter (explicit)::int explicit, (select sum(duration_ms)::bigint from albums) albums_ms,
    (select sum(total_tracks)::int from albums) total, (select sum(tracks_present)::int from albums) present, (select sum(explicit_tracks)::int from albums) albums_explicit from tracks`)
  const ms = String(tracks.reduce((sum, { duration_ms: duration }) => sum + Number(duration), 0))
  const explicit = tracks.filter((track) => track['explicit'] === true).length
  const total = albums.reduce((sum, album) => sum + Number(album['total_tracks']), 0)
  t.strictSame(summed, {
    tracks_ms: ms,
    explicit,
    albums_ms: ms,
    total,
    present: tracks.length,
    albums_explicit: explicit,
  })
  t.strictSame(await rebuilt(duck), albums.map(outline))
}

/** Each album's ids, names, dates, durations and order, from the tables. */
async function rebuilt (duck: Duck): Promise<unknown[]> {
  const names = 'array_agg(struct_pack(id := artist_id, name := name) order by artist_position)'
  const rows = await duck.query(`select a.album_id id, a.name, release_date_text,
    case release_date_precision when 'day' then release_date::varchar else release_date_text end date_of_type,
    (select ${names} from album_artists join artists using (artist_id) where album_id = a.album_id) artists,
    (select array_agg(struct_pack(id := t.track_id, name := t.name, duration_ms := t.duration_ms, disc := t.disc_number, number := t.track_number, artists :=
      (select ${names} from track_artists x join artists using (artist_id) where x.album_id = t.album_id and x.position = t.position)) order by t.position)
      from tracks t where t.album_id = a.album_id) tracks
    from albums a order by a.position`)
  return rows
}

function outline (album: Json): Json {
  const { id, name, release_date: date } = album
  return {
    id,
    name,
    release_date_text: date,
    date_of_type: date,
    artists: named(album),
    tracks: nullIfEmpty(itemsOf(album).map((track) => ({
      id: track['id'],
      name: track['name'],
      duration_ms: String(track['duration_ms']),
      disc: track['disc_number'],
      number: track['track_number'],
      artists: named(track),
    }))),
  }
}

function named (item: Json): unknown {
  return nullIfEmpty(artistsOf(item).map(({ id, name }) => ({ id, name })))
}

/** As SQL has it. */
function nullIfEmpty<T> (items: T[]): T[] | null {
  return items.length === 0 ? null : items
}

function itemsOf (album: Json): Json[] {
  return (album['tracks'] as { items: Json[] }).items
}

function artistsOf (item: Json): Json[] {
  return item['artists'] as Json[]
}

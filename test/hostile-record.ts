import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import type { Reply } from './hostile-wire.ts'

/**
 * Whatever was answered with status 200 and can be read, as fingerprints: the answers themselves are too many to keep.
 */
export interface AnswerRecord {
  note: (path: string, reply: Reply) => void
  /** Fingerprints of the album without its tracks, as it was answered for that id. */
  albums: (id: string) => ReadonlySet<string>
  /** Fingerprints of tracks that were answered for that album. */
  tracks: (id: string) => ReadonlySet<string>
  /** Ids that a listing showed. */
  listed: ReadonlySet<string>
}

const UNPACK: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer> = {
  gzip: zlib.gunzipSync,
  'x-gzip': zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  deflate: (bytes, options) => {
    try {
      return zlib.inflateSync(bytes, options)
    } catch {
      return zlib.inflateRawSync(bytes, options)
    }
  },
}

/** More than an answer may have. */
const MOST_BYTES = 4 * 1024 * 1024 + 1

/** The JSON of an answer; undefined where it has none that can be read. */
function valueOf ({ headers, body }: Reply): unknown {
  const codings = headers
    .filter(([name]) => name === 'content-encoding')
    .flatMap(([, value]) =>
      value
        .toLowerCase()
        .split(',')
        .map((coding) => coding.trim())
        .filter((coding) => coding !== 'identity')
    )
  try {
    const bytes = codings
      .toReversed()
      .reduce(
        (packed, coding) => (UNPACK[coding] as typeof zlib.gunzipSync)(packed, { maxOutputLength: MOST_BYTES }),
        body
      )
    return exactJson(bytes.toString().replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** A fraction, an exponent, many digits or a negative zero; may match in a string, which costs time only. */
const UNUSUAL_NUMBER = /[:,[\s]-?(?:(?<=-)0|\d[\d.]*(?:[eE.]|\d{15}))/

/** Parses JSON so that numbers which differ as they are written differ. */
export function exactJson (text: string): unknown {
  if (!UNUSUAL_NUMBER.test(text)) return JSON.parse(text)
  return JSON.parse(text, ((_key: string, value: unknown, { source }: { source: string }) =>
    typeof value === 'number' && source !== String(value) ? { written: source } : value) as Parameters<
    typeof JSON.parse
  >[1])
}

export function fingerprint (value: unknown): string {
  return createHash('sha1').update(JSON.stringify(value)).digest('base64')
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): unknown[] => Array.isArray(value) ? value : []

/** An album without what the service puts into its place: the tracks of all pages, and the end of the pages. */
export function frameOf (album: Json): Json {
  return { ...album, tracks: isObject(album['tracks']) ? { ...album['tracks'], items: null, next: null } : null }
}

export function createAnswerRecord (): AnswerRecord {
  const albums = new Map<string, Set<string>>()
  const tracks = new Map<string, Set<string>>()
  const listed = new Set<string>()
  const setOf = (map: Map<string, Set<string>>, id: string): Set<string> =>
    map.get(id) ?? (map.set(id, new Set()).get(id) as Set<string>)

  function noteAlbum (id: string, album: unknown): void {
    if (!isObject(album) || !isObject(album['tracks'])) return
    setOf(albums, id).add(fingerprint(frameOf(album)))
    noteTracks(id, album['tracks']['items'])
  }

  function noteTracks (id: string, items: unknown): void {
    for (const track of listOf(items)) setOf(tracks, id).add(fingerprint(track))
  }

  function note (path: string, reply: Reply): void {
    const { pathname, searchParams } = new URL(path, 'http://upstream')
    const value = valueOf(reply)
    if (!isObject(value)) return
    const [, id = '', isTracks] = /^\/v1\/albums\/(\w+)(\/tracks)?$/.exec(pathname) ?? []
    if (isTracks !== undefined) noteTracks(id, value['items'])
    else if (id !== '') noteAlbum(id, value)
    else if (pathname === '/v1/albums') {
      const ids = (searchParams.get('ids') ?? '').split(',')
      for (const album of listOf(value['albums'])) {
        if (isObject(album) && ids.includes(String(album['id']))) noteAlbum(String(album['id']), album)
      }
    }
    for (const page of [value, value['albums']]) {
      if (isObject(page)) {
        for (const item of listOf(page['items'])) {
          if (isObject(item) && typeof item['id'] === 'string') listed.add(item['id'])
        }
      }
    }
  }

  return {
    note (path, reply) {
      try {
        if (reply.status === 200) note(path, reply)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error // nested too deep to be written, and to be kept
      }
    },
    albums: (id) => albums.get(id) ?? new Set(),
    tracks: (id) => tracks.get(id) ?? new Set(),
    listed,
  }
}

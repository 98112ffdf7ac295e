import { type Static, type TOptional, type TSchema, Type } from '@sinclair/typebox'
import { Pattern } from './pattern.ts'
import { Literals } from './literals.ts'

/** Albums of the last two weeks. Source: https://developer.spotify.com/documentation/web-api/reference/search */
export const NEW_ALBUMS_QUERY = 'tag:new'

export const USED_SOURCES = ['new-releases', 'search', 'artists', 'albums'] as const
export const SOURCES = ['auto', ...USED_SOURCES] as const
export const PAGINATIONS = ['next', 'offset'] as const
export type SourceName = (typeof SOURCES)[number]

/** A Spotify id, its URI, or its open.spotify.com link. */
const SpotifyRef = (kind: 'album' | 'artist') => Pattern(
  `^(?:spotify:${kind}:|https://open\\.spotify\\.com/(?:intl-[a-z]+/)?${kind}/)?[A-Za-z0-9]{22}(?:\\?[^\\s]*)?$`,
  `a Spotify id, URI or open.spotify.com link of an ${kind}`,
  { maxLength: 300 }
)

/** A field of the body of `POST /ingest`, which is an option of the command line as well. */
interface BodyField<Schema extends TSchema> {
  schema: Schema
  /** What stands for its value in `--help`; null: it takes none. */
  placeholder: string | null
  /** Its text in `--help`. */
  help: string
  /** The sources that it goes with. */
  sources: readonly SourceName[]
}

function field<Schema extends TSchema> (definition: BodyField<Schema>): BodyField<Schema> {
  return definition
}

/**
 * Every field, defined once: the schema, the options with their help, and which fields a source takes come from here.
 */
export const INGEST_FIELDS = {
  source: field({
    schema: Literals(SOURCES, 'where the albums are listed; auto: new-releases, and search where Spotify refuses that'),
    placeholder: 'S',
    help: `${alternatives(SOURCES)} (auto)`,
    sources: SOURCES,
  }),
  limit: field({
    schema: Type.Integer({ minimum: 1, description: 'albums wanted; with artists the newest of all of them together' }),
    placeholder: 'N',
    help: 'albums wanted (100)',
    sources: SOURCES.filter((source) => source !== 'albums'),
  }),
  pagination: field({
    schema: Literals(PAGINATIONS, "next: follow Spotify's next URL; offset: count"),
    placeholder: 'P',
    help: `${alternatives(PAGINATIONS)} (next)`,
    sources: SOURCES,
  }),
  market: field({
    schema: Pattern('^[A-Z]{2}$', 'ISO 3166-1 alpha-2'),
    placeholder: 'M',
    help: 'country, as ISO 3166-1 alpha-2',
    sources: SOURCES,
  }),
  query: field({
    schema: Type.String({ minLength: 1, maxLength: 250, description: 'for search' }),
    placeholder: 'Q',
    help: `what to search for (${NEW_ALBUMS_QUERY})`,
    sources: ['search'],
  }),
  artistIds: field({
    schema: Type.Array(SpotifyRef('artist'), { minItems: 1, maxItems: 50 }),
    placeholder: 'A,B',
    help: 'ids, URIs or links',
    sources: ['artists'],
  }),
  albumIds: field({
    schema: Type.Array(SpotifyRef('album'), { minItems: 1, maxItems: 1000 }),
    placeholder: 'A,B',
    help: 'ids, URIs or links',
    sources: ['albums'],
  }),
  refresh: field({
    schema: Type.Boolean({
      description: 'true: fetch every album from Spotify, also those that an earlier run has ' +
      'fetched within ALBUM_CACHE_HOURS; what is fetched is cached again'
    }),
    placeholder: null,
    help: 'fetch albums again even when cached',
    sources: SOURCES,
  }),
}

type Fields = typeof INGEST_FIELDS
export type FieldName = keyof Fields
export const FIELD_NAMES = Object.keys(INGEST_FIELDS) as FieldName[]

const properties = Object.fromEntries(FIELD_NAMES.map((name) => [name, Type.Optional(INGEST_FIELDS[name].schema)]))

/** The body of `POST /ingest`, as users send it. Its `limit` has another maximum where MAX_ALBUMS_PER_RUN says so. */
export const IngestBody = Type.Object(
  properties as { [Name in FieldName]: TOptional<Fields[Name]['schema']> },
  { additionalProperties: false, title: 'IngestBody' }
)
export type IngestBody = Static<typeof IngestBody>

/** Returns the only source that a field goes with, or null. */
export function ownerOf (name: FieldName): SourceName | null {
  const [first = null, ...others] = INGEST_FIELDS[name].sources
  return others.length === 0 ? first : null
}

function alternatives (values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Literals } from './literals.ts'
import { Nullable } from './nullable.ts'

/** Aspects of quality, as `dimension` of a check. */
export const DIMENSIONS = [
  'completeness', 'uniqueness', 'validity', 'consistency', 'freshness', 'volume', 'drift', 'plausibility',
] as const
export type Dimension = typeof DIMENSIONS[number]

/** `error` fails the verdict, `warning` warns. */
export type Severity = 'error' | 'warning'

export const QUALITY_TABLES = ['albums', 'tracks', 'artists', 'album_artists', 'track_artists'] as const
export type TableName = typeof QUALITY_TABLES[number]

const Count = Type.Integer({ minimum: 0 })
const byName = <T extends TSchema>(schema: T) => Type.Record(Type.String(), schema)

export const VERDICTS = ['passed', 'warned', 'failed'] as const

/** The verdict of a document as its run shows it. */
export const QualityVerdict = Type.Object({
  verdict: Literals(VERDICTS, 'failed: a check of severity error fails; warned: one of severity warning does'),
  failed: Type.Integer({ minimum: 0, description: 'checks that fail' }),
  warned: Type.Integer({ minimum: 0, description: 'checks that warn' }),
}, {
  title: 'QualityVerdict',
  description:
    'of the document; null before the end, without a document, and inside the document, whose head is written before',
})
export type QualityVerdict = Static<typeof QualityVerdict>

const Key = Type.Record(Type.String(), Type.Union([Type.String(), Type.Integer(), Type.Null()]), {
  description: 'the key columns of a row; or a field or column',
})

const Check = Type.Object({
  id: Type.String({ examples: ['albums.name.present'] }),
  table: Literals(QUALITY_TABLES),
  column: Nullable(Type.String({ description: 'null: the check is about rows or several columns' })),
  dimension: Literals(DIMENSIONS),
  severity: Literals(['error', 'warning'], 'error: it fails; warning: it warns'),
  rule: Type.String({ description: 'what should hold' }),
  expected: Type.String(),
  observed: Type.String(),
  verdict: Literals(
    [...VERDICTS, 'skipped'],
    'skipped: it does not apply to this document, or there is no earlier run to compare with'
  ),
  failing: Type.Array(Key, { maxItems: 20, description: 'the first rows that fail, also where as many are tolerated' }),
  failingCount: Count,
}, { title: 'QualityCheck' })
export type Check = Static<typeof Check>

const Column = Type.Object({
  count: Type.Integer({ minimum: 0, description: 'rows with a value of the type of the column' }),
  nulls: Type.Integer({ minimum: 0, description: 'rows where it is null or absent' }),
  unusual: Type.Integer({
    minimum: 0,
    description: 'rows with a value of another type, which is null in the typed table',
  }),
  distinct: Nullable(Type.Integer({ minimum: 0, description: 'different values; null: more than 1000' })),
  min: Type.Union([Type.Number(), Type.String(), Type.Null()], { description: 'of numbers and whole dates' }),
  max: Type.Union([Type.Number(), Type.String(), Type.Null()]),
}, { title: 'ColumnProfile' })

const Table = Type.Object({
  rows: Count,
  columns: byName(Column),
  fields: Type.Record(Type.String(), Count, {
    description: 'fields in the JSON of these rows, with the number of rows that have them',
  }),
}, { title: 'TableProfile' })

const TableBaseline = Type.Object({
  rows: Type.Number({ minimum: 0, description: 'median' }),
  usualRows: Type.Object({ from: Count, to: Count }, { description: 'without outliers' }),
  nullShares: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 }), { description: 'median by column' }),
  commonFields: Type.Array(Type.String(), { description: 'fields that most rows of most of these runs have' }),
  seenFields: Type.Array(Type.String(), { description: 'fields that any row has' }),
}, { title: 'TableBaseline' })

const Tier = Literals(['extended', 'development'], 'told by the fields of the albums')

export const QualityReport = Type.Object({
  runId: Type.String(),
  verdict: Literals(VERDICTS, 'the same as in the run'),
  checks: Type.Array(Check),
  profile: Type.Object({ tier: Tier, albums: Table, tracks: Table, artists: Table }),
  baseline: Type.Object({
    tier: Tier,
    runs: Type.Array(Type.Object({ runId: Type.String(), finishedAt: Type.String({ format: 'date-time' }) })),
    tables: Type.Object({
      albums: Type.Optional(TableBaseline),
      tracks: Type.Optional(TableBaseline),
      artists: Type.Optional(TableBaseline),
    }),
  }, { title: 'QualityBaseline', description: 'the last runs, at most 10, of an equal request and the same tier' }),
}, { title: 'QualityReport', description: 'What was checked in the document of a run, and what was found' })
export type QualityReport = Static<typeof QualityReport>

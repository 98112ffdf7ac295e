import { type Static, Type } from '@sinclair/typebox'
import { Literals } from './literals.ts'
import { Nullable } from './nullable.ts'

const AGE = {
  checkedAt: Nullable(Type.String({ format: 'date-time', description: 'when this became known' })),
  ageSeconds: Nullable(Type.Integer({ minimum: 0, description: 'how long ago that is' })),
}

export const DiagnoseQuery = Type.Object({
  refresh: Type.Boolean({
    default: false, description: 'true: ask Spotify first, with a call to each endpoint, at most once in 60 s',
  }),
}, { additionalProperties: false })

const TIERS = ['extended', 'development', 'unknown'] as const

/** What is known of these credentials. */
export const Diagnosis = Type.Object({
  token: Type.Object({
    ok: Nullable(Type.Boolean({ description: 'whether the last attempt to get one succeeded; null before the first' })),
    detail: Nullable(Type.String()),
    ...AGE,
  }),
  tier: Literals(TIERS),
  endpoints: Type.Array(Type.Object({
    endpoint: Type.String(),
    status: Nullable(Type.Integer({ description: 'null where it did not answer' })),
    pageSize: Nullable(Type.Integer({ description: 'the largest page that it gives, as far as is known' })),
    detail: Nullable(Type.String()),
    ...AGE,
  }), { description: 'those of which something is known' }),
  callsLast24Hours: Type.Integer(),
  callsPer30s: Type.Integer({ description: 'what the service allows itself at present' }),
  pause: Nullable(
    Type.Object({ until: Type.String({ format: 'date-time' }), code: Type.String(), detail: Type.String() })
  ),
}, { title: 'Diagnosis', description: 'What is known of these credentials' })
export type Diagnosis = Static<typeof Diagnosis>

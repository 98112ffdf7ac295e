import { Type } from '@sinclair/typebox'

const orNull = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()])

const AGE = {
  checkedAt: orNull(Type.String({ format: 'date-time', description: 'when this became known' })),
  ageSeconds: orNull(Type.Integer({ minimum: 0, description: 'how long ago that is' })),
}

export const DiagnoseQuery = Type.Object({
  refresh: Type.Boolean(
    { default: false, description: 'true: ask Spotify first, with a call to each endpoint, at most once in 60 s' }
  ),
}, { additionalProperties: false })

/** What is known of these credentials. */
export const Diagnosis = Type.Object({
  token: Type.Object({
    ok: orNull(Type.Boolean({ description: 'whether the last attempt to get one succeeded; null before the first' })),
    detail: orNull(Type.String()),
    ...AGE,
  }),
  tier: Type.Unsafe<'extended' | 'development' | 'unknown'>(
    { type: 'string', enum: ['extended', 'development', 'unknown'] }
  ),
  endpoints: Type.Array(Type.Object({
    endpoint: Type.String(),
    status: orNull(Type.Integer({ description: 'null where it did not answer' })),
    pageSize: orNull(Type.Integer({ description: 'the largest page that it gives, as far as is known' })),
    detail: orNull(Type.String()),
    ...AGE,
  }), { description: 'those of which something is known' }),
  callsLast24Hours: Type.Integer(),
  callsPer30s: Type.Integer({ description: 'what the service allows itself at present' }),
  pause: orNull(
    Type.Object({ until: Type.String({ format: 'date-time' }), code: Type.String(), detail: Type.String() })
  ),
}, { title: 'Diagnosis', description: 'What is known of these credentials' })

import { Type } from '@sinclair/typebox'

const orNull = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()])

/** What these credentials can do. */
export const Diagnosis = Type.Object({
  checkedAt: Type.String({ format: 'date-time' }),
  token: Type.Object({ ok: Type.Boolean(), detail: orNull(Type.String()) }),
  tier: Type.Unsafe<'extended' | 'development' | 'unknown'>({ type: 'string', enum: ['extended', 'development', 'unknown'] }),
  endpoints: Type.Array(Type.Object({
    endpoint: Type.String(),
    status: orNull(Type.Integer()),
    pageSize: orNull(Type.Integer({ description: 'the largest page that it gives' })),
    detail: orNull(Type.String()),
  })),
  callsLast24Hours: Type.Integer(),
  callsPer30s: Type.Integer({ description: 'what the service allows itself at present' }),
  pause: orNull(Type.Object({ until: Type.String({ format: 'date-time' }), code: Type.String(), detail: Type.String() })),
  redis: orNull(Type.Unsafe<'ok' | 'unreachable'>({ type: 'string', enum: ['ok', 'unreachable'], description: 'whether the Redis of the replicas answers; null where there is none' })),
}, { title: 'Diagnosis', description: 'What these credentials can do' })

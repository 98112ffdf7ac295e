import { Type } from '@sinclair/typebox'

export const Health = Type.Object({ status: Type.Literal('ok') }, { title: 'Health' })

export const Readiness = Type.Object({
  status: Type.Literal('ok'),
  redis: Type.Optional(Type.Unsafe<'ok' | 'unreachable'>({ type: 'string', enum: ['ok', 'unreachable'], description: 'only with REDIS_URL' })),
}, { title: 'Readiness' })

import type { FastifyInstance } from 'fastify'
import type { Run } from '../schemas/run.ts'
import type { Timeline } from '../schemas/timeline.ts'

/** The history of a run; null before it has begun. */
export async function timelineOf ({ runs }: FastifyInstance, { id, startedAt }: Run): Promise<Timeline | null> {
  return startedAt === null ? null : await runs.timeline(id)
}

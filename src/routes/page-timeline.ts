import { type FastifyInstance } from 'fastify'
import { type Run } from '../schemas/run.ts'
import { type Timeline } from '../web/timeline.ts'

/** The history of a run; null where none is kept. */
export async function timelineOf (app: FastifyInstance, run: Run): Promise<Timeline | null> {
  const { timeline } = app.runs as { timeline?: (id: string) => Promise<Timeline> }
  return timeline === undefined || run.startedAt === null ? null : await timeline(run.id)
}

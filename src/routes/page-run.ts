import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { QualityReport } from '../schemas/quality.ts'
import type { Run } from '../schemas/run.ts'
import { callsPlot } from '../web/timeline.ts'
import { deletePage } from '../web/views/run-pages.ts'
import { runPage } from '../web/views/run.ts'
import type { PageOptions } from './page-context.ts'
import { keptChanges, keptPlots } from './page-insights.ts'
import { timelineOf } from './page-timeline.ts'

const MESSAGES: Record<string, string> = {
  started: 'The run is stored and will be executed: no crash loses it.',
  attached: 'An equal request was under way already: this is its run.',
  resumed: 'The run goes on for what is missing.',
  canceled: 'The run was ended with what it had.',
}

/** A run for people. Nothing of it waits for a document to be read. */
const pageRunRoutes: FastifyPluginAsync<PageOptions> = async (app, { pages }) => {
  app.get<{ Params: { id: string }, Querystring: { done?: unknown } }>('/ui/runs/:id', {
    schema: { hide: true },
  }, async (request, reply) => {
    const run = await app.runs.get(request.params.id)
    const before = run.file === null ? null : await app.runs.comparable(run)
    const [quality, counts, timeline] = await Promise.all([
      storedQuality(app, run), app.releases.countsOf([run.id]), timelineOf(app, run),
    ])
    return await pages.send(request, reply, runPage(pages.visit(request), {
      run,
      quality,
      before,
      changes: before === null ? null : keptChanges(before, run),
      newReleases: counts.get(run.id) ?? 0,
      plots: [...keptPlots(run), callsPlot(timeline)],
      message: run.finishedAt === null || request.query.done === 'canceled'
        ? MESSAGES[String(request.query.done)] ?? null
        : null,
    }))
  })

  app.get<{ Params: { id: string } }>('/ui/runs/:id/delete', { schema: { hide: true } }, async (request, reply) => {
    return await pages.send(request, reply, deletePage(pages.visit(request), await app.runs.get(request.params.id)))
  })
}

export default pageRunRoutes

/** The report of a document that has been judged: another one would be made by reading the document. */
async function storedQuality ({ runs }: FastifyInstance, run: Run): Promise<QualityReport | null> {
  return run.file === null || run.quality === null ? null : await runs.quality(run)
}

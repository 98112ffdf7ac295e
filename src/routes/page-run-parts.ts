import type { FastifyPluginAsync } from 'fastify'
import { chooseSides } from '../services/changes/choose-sides.ts'
import type { Run } from '../schemas/run.ts'
import type { Plot } from '../web/plot.ts'
import { callsPlot } from '../web/timeline.ts'
import { changesPage, coversPage, plotsPage } from '../web/views/run-pages.ts'
import type { PageOptions } from './page-context.ts'
import { readChanges, readCovers, readPlots } from './page-insights.ts'
import { timelineOf } from './page-timeline.ts'

interface OfRun {
  Params: { id: string }
}

const HIDDEN = { schema: { hide: true } }

/** What is made of a run's document: as JSON for the script, and as pages for those without it. */
const pageRunPartRoutes: FastifyPluginAsync<PageOptions> = async (app, { pages }) => {
  app.get<OfRun>('/ui/runs/:id/covers', HIDDEN, async (request, reply) => {
    const [run, visit] = [await app.runs.get(request.params.id), pages.visit(request)]
    const covers = await readCovers({ app, request, reply }, run, visit.site)
    return await pages.send(request, reply, coversPage(visit, run, { covers, total: totalOf(run) }))
  })

  app.get<OfRun>('/ui/runs/:id/plots', HIDDEN, async (request, reply) => {
    const run = await app.runs.get(request.params.id)
    return await pages.send(
      request,
      reply,
      plotsPage(pages.visit(request), run, await plotsOf(run, await readPlots({ app, request, reply }, run)))
    )
  })

  app.get<OfRun>('/ui/runs/:id/plots.json', HIDDEN, async (request, reply) => {
    const run = await app.runs.get(request.params.id)
    const plots = await plotsOf(run, await readPlots({ app, request, reply }, run))
    return await reply.header('cache-control', 'private, no-cache').send({ plots })
  })

  app.get<OfRun>('/ui/runs/:id/changes', HIDDEN, async (request, reply) => {
    const sides = await chooseSides(app.runs, request.params.id, undefined)
    return await pages.send(
      request, reply, changesPage(pages.visit(request), sides.after, await readChanges({ app, request, reply }, sides))
    )
  })

  async function plotsOf (run: Run, plots: Plot[]): Promise<Plot[]> {
    return [...plots, callsPlot(await timelineOf(app, run))]
  }
}

export default pageRunPartRoutes

function totalOf ({ file, progress }: Run): number {
  return file === null ? 0 : progress.albumsFetched
}

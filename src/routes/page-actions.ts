import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { hasCode } from '../errors.ts'
import { formIn } from '../plugins/forms.ts'
import type { Run } from '../schemas/run.ts'
import { bodyOf } from '../web/curl.ts'
import { valuesOf } from '../web/start-request.ts'
import type { PageOptions } from './page-context.ts'
import { renderHome } from './page-home.ts'
import { checkStart, startFormOf } from './page-start.ts'

const ACTION = { config: { takesForm: true }, schema: { hide: true } }

/** Runs of one press of a button. */
const MOST_RESUMED = 100

interface OfRun {
  Params: { id: string }
}

/** What the buttons of the pages do: the same as the routes of the API, answered by a page to go on to. */
const pageActionRoutes: FastifyPluginAsync<PageOptions> = async (app, { pages }) => {
  app.post('/ui/actions/start', ACTION, async (request, reply) => {
    const values = valuesOf(formIn(request.body))
    const form = startFormOf(app, values, pages.visit(request))
    if (Object.keys(form.errors).length > 0) {
      return await pages.send(request, reply.code(400), await renderHome(app, pages, request, form))
    }
    return await started(reply, await app.runs.start(checkStart(app, values).body))
  })

  app.post<OfRun>('/ui/actions/runs/:id/again', ACTION, async ({ params }, reply) => {
    const { request } = await app.runs.get(params.id)
    return await started(reply, await app.runs.start(bodyOf(request)))
  })

  app.post<OfRun>('/ui/actions/runs/:id/cancel', ACTION, async ({ params }, reply) => {
    const { id } = await app.runs.cancel(params.id)
    return pages.redirect(reply, `/ui/runs/${id}?done=canceled`)
  })

  app.post<OfRun>('/ui/actions/runs/:id/resume', ACTION, async ({ params }, reply) => {
    const { id } = await app.runs.resume(params.id)
    return pages.redirect(reply, `/ui/runs/${id}?done=resumed`)
  })

  app.post<OfRun>('/ui/actions/runs/:id/delete', ACTION, async ({ params }, reply) => {
    await app.runs.remove(params.id)
    return pages.redirect(reply, '/?done=deleted')
  })

  app.post('/ui/actions/resume-partial', ACTION, async (_request, reply) => {
    const { runs } = await app.runs.list({ statuses: ['partial'], limit: MOST_RESUMED, before: null })
    let resumed = 0
    for (const { id } of runs) {
      if (!await resumes(id)) break
      resumed++
    }
    return pages.redirect(reply, `/?resumed=${resumed}&left=${runs.length - resumed}`)
  })

  /** False: there is no room for more. A run that has changed since is done with. */
  async function resumes (id: string): Promise<boolean> {
    try {
      await app.runs.resume(id)
      return true
    } catch (error) {
      if (hasCode(error, 'queue_full')) return false
      if (hasCode(error, 'run_not_resumable', 'run_not_found', 'run_expired')) return true
      throw error
    }
  }

  /** A run that is older than the request was there before: an equal one that has not ended. */
  async function started (reply: FastifyReply, { id, createdAt }: Run): Promise<FastifyReply> {
    const isOlder = Date.parse(createdAt) < Math.floor(app.dependencies.clock.now() - reply.elapsedTime)
    return await pages.redirect(reply, `/ui/runs/${id}?done=${isOlder ? 'attached' : 'started'}`)
  }
}

export default pageActionRoutes

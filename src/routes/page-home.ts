import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'
import { prefersHtml } from '../plugins/prefers-html.ts'
import { RUN_STATUSES, type RunStatus } from '../schemas/run.ts'
import { RunId } from '../schemas/run-id.ts'
import { valuesOf } from '../web/start-request.ts'
import { type Home, homePage } from '../web/views/home.ts'
import type { StartForm } from '../web/views/start-form.ts'
import { VERSION } from '../version.ts'
import type { PageOptions, Pages } from './page-context.ts'
import { startFormOf } from './page-start.ts'

/** In the order in which they are shown. */
const ACTIVE: RunStatus[] = ['running', 'paused', 'queued']
const RUNS_ON_PAGE = 20
const MOST_CURRENT = 10

const ANY_STATUS = RUN_STATUSES.join('|')

/** Fields that links elsewhere may add are no error of a page. */
const HomeQuery = Type.Object({
  status: Type.Optional(Type.String({ pattern: `^((${ANY_STATUS})(,(${ANY_STATUS}))*)?$`, maxLength: 100 })),
  cursor: Type.Optional(RunId('the last run of the page before')),
})

/** `GET /`: the page for people, and where everything is for programs. */
const pageHomeRoutes: FastifyPluginAsync<PageOptions> = async (app, { pages }) => {
  app.get('/', { schema: { hide: true, querystring: HomeQuery } }, async (request, reply) => {
    reply.header('vary', 'Accept')
    if (!prefersHtml(request)) return await reply.header('cache-control', 'private, no-cache').send(index(app))
    const query = new URLSearchParams(request.url.split('?')[1] ?? '')
    const form = startFormOf(app, valuesOf(query), pages.visit(request), query.has('curl'))
    return await pages.send(request, reply, await renderHome(app, pages, request, form))
  })
}

export default pageHomeRoutes

/** The page with a form as it is. */
export async function renderHome (
  app: FastifyInstance, pages: Pages, request: FastifyRequest, form: StartForm
): Promise<string> {
  const { status = '', cursor = null, ...query } = request.method === 'GET' || request.method === 'HEAD'
    ? request.query as { status?: string, cursor?: string } & Record<string, unknown>
    : {}
  const statuses = status === '' ? [] : [...new Set(status.split(','))] as RunStatus[]
  const [standing, current, listed, partial] = await Promise.all([
    app.diagnose(false),
    app.runs.list({ statuses: ACTIVE, limit: MOST_CURRENT, before: null }),
    app.runs.list({ statuses: statuses.length === 0 ? null : statuses, limit: RUNS_ON_PAGE, before: cursor }),
    app.runs.list({ statuses: ['partial'], limit: 1, before: null }),
  ])
  const newReleases = await app.releases.countsOf(listed.runs.flatMap(({ id, file }) => file === null ? [] : [id]))
  return homePage(pages.visit(request), {
    standing,
    configuredPace: app.config.SPOTIFY_CALLS_PER_30S,
    form,
    current: current.runs.toSorted((a, b) => ACTIVE.indexOf(a.status) - ACTIVE.indexOf(b.status)),
    runs: listed.runs,
    newReleases,
    nextCursor: listed.next,
    isFirstPage: cursor === null,
    statuses,
    hasPartial: partial.runs.length > 0,
    message: messageOf(query),
  })
}

/** What an action that led here has done. */
function messageOf ({ done, resumed, left }: Record<string, unknown>): Home['message'] {
  if (done === 'deleted') return { kind: 'good', text: 'The run and its file are deleted.' }
  const [count, rest] = [countIn(resumed), countIn(left)]
  if (count === null) return null
  const more = rest === null || rest === 0
    ? ''
    : rest === 1
      ? ' 1 more is still partial: the queue takes no more for now.'
      : ` ${rest} more are still partial: the queue takes no more for now.`
  return {
    kind: count > 0 ? 'good' : 'info',
    text: `${count} ${count === 1 ? 'run goes' : 'runs go'} on for what is missing.${more}`,
  }
}

function countIn (text: unknown): number | null {
  return typeof text === 'string' && /^\d{1,6}$/.test(text) ? Number(text) : null
}

function index (app: FastifyInstance) {
  const { publicUrl } = app
  return {
    name: 'album-release-ingest',
    version: VERSION,
    links: {
      page: publicUrl('/'),
      docs: publicUrl('/docs'),
      openapi: publicUrl('/openapi.json'),
      ingest: publicUrl('/ingest'),
      runs: publicUrl('/runs'),
      latest: publicUrl('/runs/latest'),
      releases: publicUrl('/releases'),
      contract: publicUrl('/contract'),
      diagnose: publicUrl('/diagnose'),
      live: publicUrl('/health/live'),
      ready: publicUrl('/health/ready'),
    },
  }
}

import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Run } from '../schemas/run.ts'
import { RUN_UNKNOWN } from '../schemas/problem.ts'
import { RunParams } from '../schemas/run-id.ts'
import { hasEnded } from '../services/run-record.ts'
import type { RunManager } from '../services/runs/manager.ts'
import { dropStalled } from './download/idle-timeout.ts'

/** A watcher sees at most so many changes a second; the last one is never left out. */
const PROGRESS_EVERY_MS = 250
/** A change is sent at most so much later than it may be. */
const FLUSH_EVERY_MS = 50
/**
 * How often a run that stands still is sent again: an EventSource reports no comments, so that a client could not tell
 * a quiet stream from a dead one.
 */
const STILL_EVERY_MS = 1000
/** A comment now and then keeps proxies from closing a quiet stream, and shows that somebody still takes it. */
const HEARTBEAT_EVERY_MS = 15_000

const EventStream = Type.Unsafe<Readable>({
  type: 'string',
  examples: [
    'event: status\nid: status-running\ndata: {"id":"01a203d5-29b8-7587-a80e-df4d1d6e4fbc","status":"running"}\n\n'
  ]
})

const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ description: 'the `id` of the last event that the client got' })),
})

type EventName = 'status' | 'progress' | 'end'

/** Names the end of a run by its time: a run that was resumed ends once more. */
function eventId (event: EventName, { status, progress, finishedAt }: Run): string {
  switch (event) {
    case 'status': return `status-${status}`
    case 'progress': return `progress-${progress.albumsFetched}`
    case 'end': return `end-${finishedAt}`
  }
}

const runEventRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const streams = new Set<Readable>()
  app.addHook('preClose', async () => { for (const stream of streams) stream.destroy() })

  app.get('/runs/:id/events', {
    exposeHeadRoute: false, // a stream of which nobody reads the body would stay until the run ends
    schema: {
      operationId: 'watchRun',
      tags: ['runs'],
      summary: 'A run as Server-Sent Events: the present state first, then each change until it ends',
      description: 'Events: `status` when the state changes, `progress` in between (while the run waits at least ' +
        'once a second), `end` as the last one. The `data` of each is the run as JSON, its `id` is opaque. An ' +
          'EventSource connects again when the stream has ended and sends that id as `Last-Event-ID`: where it names ' +
            'the end of the run, the answer is 204, so that it stops. Lines that begin with a colon are there to ' +
              'keep the connection open.',
      params: RunParams,
      headers: EventHeaders,
      response: {
        204: { type: 'null', description: 'this client has got the end of the run already, as its Last-Event-ID says' },
        200: {
          description: 'the events, for as long as the run goes on',
          content: { 'text/event-stream': { schema: EventStream } },
        },
      },
      problems: RUN_UNKNOWN,
    },
  }, async (request, reply) => {
    const run = await app.runs.get(request.params.id)
    if (hasEnded(run) && request.headers['last-event-id'] === eventId('end', run)) {
      return await reply.code(204).header('cache-control', 'no-store').send()
    }
    const stream = eventStream(run, app.runs)
    dropStalled(request)
    streams.add(stream)
    stream.once('close', () => streams.delete(stream))
    return await reply.headers({
      'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no',
    }).send(stream)
  })
}

/**
 * The run's events as text. A reader that is slow gets fewer `progress` events, and keeps nobody waiting.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
function eventStream (first: Run, runs: Pick<RunManager, 'watch'>): Readable {
  let status: Run['status'] | null = null
  let pending: Run | null = null
  let shown = first
  let sentAtMs = -Infinity
  let isSlow = false
  const stream = new Readable({
    read () { isSlow = false },
    destroy (error, done) {
      unwatch()
      clearInterval(timer)
      done(error)
    },
  })

  function push (event: EventName, run: Run): void {
    sentAtMs = performance.now()
    pending = null
    shown = run
    isSlow = !stream.push(`event: ${event}\nid: ${eventId(event, run)}\ndata: ${JSON.stringify(run)}\n\n`)
  }

  function show (run: Run): void {
    if (stream.destroyed || stream.readableEnded) return
    if (hasEnded(run)) {
      unwatch()
      clearInterval(timer)
      push('status', run)
      push('end', run)
      stream.push(null)
    } else if (run.status !== status) {
      status = run.status
      push('status', run)
    } else {
      pending = run
      flush()
    }
  }

  function flush (): void {
    if (pending !== null && !isSlow && performance.now() - sentAtMs >= PROGRESS_EVERY_MS) push('progress', pending)
  }

  const unwatch = runs.watch(first.id, show)
  const timer = setInterval(() => {
    flush()
    if (!isSlow && shown.waiting !== null && performance.now() - sentAtMs >= STILL_EVERY_MS) push('progress', shown)
    if (!isSlow && performance.now() - sentAtMs >= HEARTBEAT_EVERY_MS) {
      sentAtMs = performance.now()
      isSlow = !stream.push(': still here\n\n')
    }
  }, FLUSH_EVERY_MS).unref()
  show(first)
  return stream
}

export default runEventRoutes

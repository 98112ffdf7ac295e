import { type Static, Type } from '@sinclair/typebox'

const Count = Type.Integer({ minimum: 0 })

const WaitMs = Type.Object({
  pace: Count,
  pause: Count,
  retry: Count,
  queue: Type.Integer({
    minimum: 0,
    description: 'the time in the queue before the execution that begins in this step: it may be longer than a step',
  }),
}, {
  title: 'WaitMs',
  description: 'milliseconds in which the run stood still, by what it waited for (see `waiting` of the run)',
})

const TimelinePoint = Type.Object({
  atMs: Type.Integer({ minimum: 0, description: 'when the step begins, in milliseconds since `startedAt`' }),
  calls: Type.Integer({ minimum: 0, description: 'calls to Spotify that were sent, repeated ones included' }),
  retries: Count,
  limited: Type.Integer({ minimum: 0, description: 'calls that were answered 429' }),
  waitMs: WaitMs,
  albumsListed: Type.Integer({ minimum: 0, description: 'at the end of the step, as in `progress`' }),
  albumsFetched: Count,
  tracks: Count,
}, { title: 'TimelinePoint', description: 'what happened in one step, and how far the run was at its end' })
export type TimelinePoint = Static<typeof TimelinePoint>

/** The history of a run, as `GET /runs/{id}/timeline` shows it. */
export const Timeline = Type.Object({
  runId: Type.String(),
  startedAt: Type.Union([Type.String({ format: 'date-time', description: 'RFC 3339, UTC' }), Type.Null()]),
  stepMs: Type.Integer({
    minimum: 1000,
    description: 'how long a step is: 1000, and twice as long each time that there were too many points',
  }),
  points: Type.Array(TimelinePoint, {
    maxItems: 240,
    description: 'in the order of time; a step in which nothing happened, as while the run was paused, has none',
  }),
}, { title: 'Timeline', description: 'what happened in a run, step by step, over all its executions' })
export type Timeline = Static<typeof Timeline>

/** The part that grows while a run is executed. */
export type TimelineSteps = Pick<Timeline, 'stepMs' | 'points'>

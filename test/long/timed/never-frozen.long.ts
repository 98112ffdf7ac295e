import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Run } from '../../../src/schemas/run.ts'
import { startService } from '../../service.ts'
import { watchEvents } from '../../watch-events.ts'

/** The pace that a service has where nobody sets one. */
const DEFAULT_CALLS = '90'
const LOOK_EVERY_MS = 250
/** No two looks that are so far apart show the same. */
const LONGEST_MS = 1000
/** The same of events, with the time that they are under way. */
const LONGEST_QUIET_MS = LONGEST_MS + LOOK_EVERY_MS

t.test('at the default pace no second passes in which a run looks as it did ' +
  'before, and it says why it waits', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'development', latencyMs: 100, jitterMs: 50 },
    env: { SPOTIFY_CALLS_PER_30S: DEFAULT_CALLS },
  })
  const { id } = await (await service.post({ limit: 100 })).body.json() as Run
  const { events } = await watchEvents(t, service, id)
  const looks: Array<{ askedAtMs: number, atMs: number, run: Run }> = []
  for (let run: Run | null = null; run?.finishedAt == null; await delay(LOOK_EVERY_MS)) {
    const askedAtMs = performance.now()
    run = await (await service.get(`/runs/${id}/status`)).body.json() as Run
    looks.push({ askedAtMs, atMs: performance.now(), run })
  }
  t.match(looks.at(-1)?.run, { status: 'succeeded', complete: true })
  let still = 0
  let since = looks[0]
  for (const look of looks) {
    if (since === undefined || JSON.stringify(look.run) !== JSON.stringify(since.run)) since = look
    still = Math.max(still, look.askedAtMs - since.atMs)
  }
  t.ok(still < LONGEST_MS, `${Math.round(still)} ms without a change of the status`)
  const quiet = Math.max(...events.slice(1).map(({ atMs }, place) => atMs - (events[place]?.atMs ?? 0)))
  t.ok(quiet < LONGEST_QUIET_MS, `${Math.round(quiet)} ms without an event`)

  const waits = looks.filter(({ run }) => run.waiting !== null)
  t.ok(waits.length > 20, `${waits.length} looks at a run that waits`)
  for (const { run: { waiting, cost } } of waits) {
    t.match(waiting, { for: 'pace', detail: '90 of 90 calls in 30 s' })
    t.ok(cost.calls >= 90, 'only when the calls are used up')
  }
  const full = looks.find(({ run }) => run.cost.calls >= 90)
  const told = looks.find(({ run }) => run.waiting !== null)
  t.comment(
    `full at ${Math.round((full?.atMs ?? 0) - (looks[0]?.atMs ?? 0))} ms, said so at ` +
      `${Math.round((told?.atMs ?? 0) - (looks[0]?.atMs ?? 0))} ms; at most ${Math.round(still)} ms without a ` +
        `change, ${Math.round(quiet)} ms without an event`
  )
})

/** How long nothing happens, and how many events come in that time at least. */
const QUIET = { ms: 3500, events: 3 }

t.test('while a run waits in the queue, its stream goes on at least once a second', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development' }, env: { SPOTIFY_CALLS_PER_30S: '12' } })
  await service.post({ limit: 30 })
  const { id } = await (await service.post({ limit: 29 })).body.json() as Run
  const { events } = await watchEvents(t, service, id)
  await delay(QUIET.ms)
  t.ok(events.length > QUIET.events, `${events.length} events`)
  t.match(events.at(-1), {
    event: 'progress',
    run: { status: 'queued', waiting: { for: 'queue', detail: '1 run before it' } },
  })
})

t.test('while a run is paused, its stream goes on at least once a second', async (t) => {
  const service = await startService(t, {
    sandbox: { faults: [{ kind: 'quota', endpoint: 'album', times: 1, retryAfter: '600' }] },
  })
  const { id } = await service.ingest({ limit: 12 })
  const { events } = await watchEvents(t, service, id)
  await delay(QUIET.ms)
  t.ok(events.length > QUIET.events, `${events.length} events`)
  t.match(events.at(-1), { event: 'progress', run: { status: 'paused', waiting: { for: 'pause' } } })
})

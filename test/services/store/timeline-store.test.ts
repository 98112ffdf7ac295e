import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import type { TimelineSteps } from '../../../src/schemas/timeline.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { createOwners } from '../../../src/services/store/owner.ts'
import { createRunStore } from '../../../src/services/store/run-store.ts'
import { createTimelineStore } from '../../../src/services/store/timeline-store.ts'
import { onBothDatabases } from '../../database.ts'
import { START_MS } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

function stepsOf (calls: number): TimelineSteps {
  const waitMs = { pace: 0, pause: 0, retry: 0, queue: 0 }
  return {
    stepMs: 2000,
    points: [{ atMs: 0, calls, retries: 0, limited: 0, waitMs, albumsListed: 1, albumsFetched: 1, tracks: 1 }],
  }
}

onBothDatabases(t, 'a timeline is replaced by a newer one of the same execution or a later ' +
  'one, not by one of an earlier', async (t, open) => {
  const { queries } = await open()
  const store = createTimelineStore({ queries })
  t.equal(await store.read('run-0'), null)
  for (const [execution, calls, expected] of [[1, 1, 1], [1, 2, 2], [3, 3, 3], [2, 4, 3], [3, 5, 5]] as const) {
    await store.save('run-0', execution, stepsOf(calls), queries)
    t.strictSame(await store.read('run-0'), stepsOf(expected), `execution ${execution}`)
  }
  t.equal(await store.read('run-1'), null)
})

onBothDatabases(t, 'a damaged timeline is none', async (t, open) => {
  const { queries } = await open()
  const store = createTimelineStore({ queries })
  await store.save('run-0', 1, stepsOf(1), queries)
  await queries
    .updateTable('timelines')
    .set((build) => ({ steps: build.fn<string>('replace', ['steps', build.val('2000'), build.val('4000')]) }))
    .execute()
  t.equal(await store.read('run-0'), null)
})

onBothDatabases(t, 'a timeline is stored with a beat of its run, unless another process has the ' +
  'run, and goes with the run', async (t, open) => {
  const database = await open()
  const timelines = createTimelineStore(database)
  const mine = createRunStore(database, createOwners('this-machine'), createRecordingLog())
  const theirs = createRunStore(database, createOwners('another-machine', 1), createRecordingLog())
  const id = uuidv7()
  const record = newRecord(
    id,
    { source: 'search', limit: 1, pagination: 'next', market: null, refresh: false, query: 'tag:new' },
    START_MS
  )
  await mine.admit({ record, key: null, maxPending: 1 })
  await mine.begin(id, (before) => ({ ...before, executions: 1, run: { ...before.run, status: 'running' } }))
  await theirs.beat(record.run, 1, async (within) => await timelines.save(id, 1, stepsOf(7), within))
  t.equal(await timelines.read(id), null)
  await mine.beat(record.run, 1, async (within) => await timelines.save(id, 1, stepsOf(8), within))
  t.strictSame(await timelines.read(id), stepsOf(8))
  await mine.remove(id)
  t.equal(await timelines.read(id), null)
})

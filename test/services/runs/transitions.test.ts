import t from 'tap'
import { RUN_STATUSES, type Run, type RunRequest, type RunStatus } from '../../../src/schemas/run.ts'
import { begin, documentName, ended, finish, newRecord, pause, resume } from '../../../src/services/runs/transitions.ts'
import { hasEnded, type RunRecord } from '../../../src/services/run-record.ts'
import { START_MS } from '../../fake-clock.ts'

const REQUEST: RunRequest = { source: 'auto', limit: 100, pagination: 'next', market: null, refresh: false }
const CREATED = '2026-11-22T13:40:59.000Z'
const LATER_MS = START_MS + 61_000
const LATER = '2026-11-22T13:42:00.000Z'
const SNAPSHOT = {
  source: { used: 'search' as const, query: 'tag:new', reason: null },
  progress: { albumsListed: 3, albumsFetched: 2, tracks: 20 },
  listing: { exhausted: false, cappedAt: null },
  cost: { calls: 5, retries: 1, throttledMs: 7, cached: 0, byEndpoint: { search: 2, album: 3 } },
}
const ENDED: RunStatus[] = ['succeeded', 'partial', 'failed', 'canceled']

const record = (status: RunStatus, more: Partial<Run> = {}): RunRecord => {
  const made = newRecord('id', REQUEST, START_MS)
  return { ...made, executions: 2, run: { ...made.run, status, ...more } }
}

t.test('a new run is queued, and knows nothing yet', async (t) => {
  t.strictSame(newRecord('id', REQUEST, START_MS), {
    executions: 0,
    resumptions: 0,
    run: {
      id: 'id',
      status: 'queued',
      complete: null,
      request: REQUEST,
      source: null,
      createdAt: CREATED,
      startedAt: null,
      finishedAt: null,
      resumeAt: null,
      progress: { albumsListed: 0, albumsFetched: 0, tracks: 0 },
      listing: null,
      waiting: null,
      trigger: { kind: 'api', name: null },
      quality: null,
      gaps: [],
      cost: { calls: 0, retries: 0, throttledMs: 0, cached: 0, byEndpoint: {} },
      error: null,
      file: null,
    },
  })
})

t.test('which statuses are an end', async (t) => {
  t.same(RUN_STATUSES.filter((status) => hasEnded({ status })), ENDED)
})

for (const status of ['queued', 'paused', 'running'] as const) {
  t.test(`a ${status} run begins: it runs, counts one execution more, and waits for nothing`, async (t) => {
    const before = record(status, { resumeAt: LATER, error: { code: 'quota_exceeded', detail: 'x' } })
    t.strictSame(begin(before, LATER_MS), {
      ...before,
      executions: 3,
      run: { ...before.run, status: 'running', startedAt: LATER, resumeAt: null, error: null },
    })
  })
}

t.test('a run that begins again keeps the time of its first start, by which its document is named', async (t) => {
  const { run } = begin(record('paused', { startedAt: CREATED }), LATER_MS)
  t.equal(run.startedAt, CREATED)
})

t.test('a running run is paused with what it has got, the reason and the time', async (t) => {
  const before = record('running', { startedAt: CREATED })
  const error = { code: 'quota_exceeded', detail: 'the quota is spent' }
  t.strictSame(pause(before, 2, SNAPSHOT, error, LATER_MS), {
    ...before,
    run: { ...before.run, ...SNAPSHOT, status: 'paused', resumeAt: LATER, error },
  })
})

t.test('a running run ends with what it has got', async (t) => {
  const before = record('running', { startedAt: CREATED, error: { code: 'x', detail: 'old' } })
  const gap = { albumId: 'a', name: null, code: 'album_unavailable', detail: 'x', expectedTracks: null, tracks: 0 }
  const file = { name: 'n', bytes: 1, sha256: 's' }
  const after = ended(before.run, SNAPSHOT, [gap], { status: 'partial', complete: false, error: null }, LATER_MS)
  t.strictSame(after, {
    ...before.run,
    ...SNAPSHOT,
    status: 'partial',
    complete: false,
    gaps: [gap],
    error: null,
    finishedAt: LATER,
    resumeAt: null,
  })
  t.strictSame(finish(before, 2, after, file), { ...before, run: { ...after, file } })
  t.strictSame(finish(before, 2, after, null), { ...before, run: { ...after, file: null } })
})

t.test('no run starts before it was created, nor ends before it started, whatever ' +
  'the wall clock does meanwhile', async (t) => {
  t.equal(begin(record('queued', { createdAt: LATER }), Date.parse(CREATED)).run.startedAt, LATER)
  const { run } = record('running', { startedAt: LATER })
  t.equal(
    ended(run, SNAPSHOT, [], { status: 'succeeded', complete: true, error: null }, Date.parse(CREATED)).finishedAt,
    LATER
  )
})

for (const status of ENDED) {
  t.test(`a ${status} run has ended: nobody begins, pauses or ends it again`, async (t) => {
    const before = record(status, { finishedAt: CREATED })
    t.equal(begin(before, LATER_MS), before)
    t.equal(pause(before, 2, SNAPSHOT, { code: 'rate_limited', detail: 'x' }, LATER_MS), before)
    t.equal(finish(before, 2, { ...before.run, status: 'succeeded', complete: true }, null), before)
  })
}

for (const status of ['partial', 'failed', 'canceled'] as const) {
  t.test(`a ${status} run is let go on: it is queued as if it had not ended, and keeps its ` +
    'start, its progress and its cost', async (t) => {
    const before = record(status, {
      ...SNAPSHOT,
      startedAt: CREATED,
      finishedAt: LATER,
      complete: false,
      error: { code: 'x', detail: 'y' },
      file: { name: 'n', bytes: 1, sha256: 's' },
      gaps: [{ albumId: null, name: null, code: 'x', detail: 'y', expectedTracks: null, tracks: 0 }],
    })
    t.strictSame(resume(before), {
      ...before,
      resumptions: 1,
      run: {
        ...before.run,
        status: 'queued',
        complete: null,
        finishedAt: null,
        resumeAt: null,
        gaps: [],
        error: null,
        file: null,
      },
    })
  })
}

for (const status of ['queued', 'running', 'paused', 'succeeded'] as const) {
  t.test(`a ${status} run is not let go on`, async (t) => {
    const before = record(status)
    t.equal(resume(before), before)
  })
}

/** The record has 2 executions. */
const FENCE: Array<[status: RunStatus, execution: number, may: boolean]> = [
  ['running', 2, true], ['running', 1, false], ['running', 3, false],
  ['queued', 2, false], ['queued', 1, false], ['paused', 2, false], ['paused', 1, false],
  ['succeeded', 2, false], ['partial', 1, false], ['failed', 2, false], ['canceled', 1, false],
]
for (const [status, execution, may] of FENCE) {
  t.test(`execution ${execution} of a ${status} run with 2 executions may ` +
    `${may ? '' : 'not '}pause or end it`, async (t) => {
    const before = record(status)
    t.equal(pause(before, execution, SNAPSHOT, { code: 'rate_limited', detail: 'x' }, LATER_MS) !== before, may)
    t.equal(finish(before, execution, { ...before.run, status: 'succeeded', complete: true }, null) !== before, may)
  })
}

t.test('a run that was let go on is no longer that of the execution that ended it', async (t) => {
  const after = resume(finish(record('running'), 2, record('partial').run, null))
  t.equal(finish(after, 2, record('failed').run, null), after)
})

t.test('no transition changes the record it was given', async (t) => {
  const freeze = (one: RunRecord): RunRecord => Object.freeze({ ...one, run: Object.freeze({ ...one.run }) })
  t.doesNotThrow(() => {
    begin(freeze(record('queued')), LATER_MS)
    pause(freeze(record('running')), 2, SNAPSHOT, { code: 'x', detail: 'y' }, LATER_MS)
    finish(freeze(record('running')), 2, record('failed').run, null)
    resume(freeze(record('failed')))
  })
})

const NAMES: Array<[string | null, string]> = [
  ['2026-11-22T13:40:59.123Z', 'album_items_20261122T134059Z_2fe747.json'],
  ['2026-01-02T03:04:05Z', 'album_items_20260102T030405Z_2fe747.json'],
  [null, 'album_items_20261122T134059Z_2fe747.json'],
]
for (const [startedAt, name] of NAMES) {
  t.test(`the document of a run that started at ${startedAt ?? 'no time'} is ${name}`, async (t) => {
    t.equal(documentName(record('running', { id: '01a203d5-1ff6-76d6-9368-3d32192fe747', startedAt }).run), name)
  })
}

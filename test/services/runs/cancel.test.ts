import t from 'tap'
import { hasCode } from '../../../src/errors.ts'
import type { Run, RunFailure, RunStatus } from '../../../src/schemas/run.ts'
import type { Delivery } from '../../../src/services/queue/run-queue.ts'
import { createCancel } from '../../../src/services/runs/cancel.ts'
import { completeRequest } from '../../../src/services/runs/request.ts'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import type { StoredRun } from '../../../src/services/store/run-reader.ts'

const AWAY = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
const FULL = Object.assign(new Error('database or disk is full'), { errcode: 13 })

interface Situation {
  status?: RunStatus
  isOwned?: boolean
  isHere?: boolean
  /** What an execution makes of it that only ends the run. */
  delivery?: Delivery
  error?: RunFailure
  /** After how many looks the run has ended. */
  endsAfter?: number
  /** After how many looks the end that is stored is shown. */
  shownAfter?: number
  wantCancel?: () => Promise<void>
}

/** A run in a situation, and what was done about it. */
function create ({
  status = 'queued',
  isOwned = false,
  isHere = false,
  delivery = { kind: 'done' },
  error,
  endsAfter = Infinity,
  shownAfter = 0,
  wantCancel = async () => {},
}: Situation) {
  const did: string[] = []
  const closing = new AbortController()
  let run: Run = { ...newRecord('a', completeRequest({}, 1000), 0).run, status }
  let looks = 0
  const read = async (): Promise<StoredRun> => ({ record: { run, executions: 1, resumptions: 0 }, run, isOwned })
  const cancel = createCancel({
    get: async () => ({ ...run, status: looks < shownAfter ? 'running' : run.status, error: error ?? null }),
    store: {
      read,
      async wantCancel () {
        did.push('wish stored')
        await wantCancel()
      },
    },
    queue: {
      enqueue: async (_id, notBeforeMs) => {
        did.push(`enqueue ${notBeforeMs}`)
      },
      remove: async () => {
        did.push('take back')
      },
    },
    active: {
      async waitForEnd () {
        did.push('wait')
        if (++looks >= endsAfter) run = { ...run, status: 'canceled' }
        if (looks > 5) closing.abort()
      },
    },
    abortHere () {
      if (isHere) did.push('abort here')
      return isHere
    },
    notify: ({ kind, id }) => { did.push(`notify ${kind} ${id}`) },
    async end (_id, signal) {
      did.push(`end: ${hasCode(signal.reason, 'canceled') && signal.aborted}`)
      if (delivery.kind === 'done') run = { ...run, status: 'canceled' }
      return delivery
    },
    closing: closing.signal,
  })
  return { cancel: async () => await cancel('a'), did }
}

t.test('a run that no process executes is taken from the queue, and ended by an ' +
  'execution that is canceled already', async (t) => {
  for (const status of ['queued', 'paused', 'running'] as const) {
    const { cancel, did } = create({ status })
    await cancel()
    t.same(did, ['wish stored', 'take back', 'end: true', 'wait'])
  }
})

t.test('a run that is executed here is aborted until it has ended', async (t) => {
  const { cancel, did } = create({ status: 'running', isHere: true, endsAfter: 2 })
  await cancel()
  t.same(did, ['wish stored', 'abort here', 'wait', 'abort here', 'wait'])
})

t.test('the process that executes a run elsewhere is notified until it has ended: a notice may ' +
  'be lost, the wish is stored', async (t) => {
  const { cancel, did } = create({ status: 'running', isOwned: true, endsAfter: 2 })
  await cancel()
  t.same(did, ['wish stored', 'notify cancel a', 'wait', 'notify cancel a', 'wait'])
})

t.test('a run that has ended meanwhile is left as it is', async (t) => {
  const { cancel, did } = create({ status: 'succeeded' })
  await cancel()
  t.same(did, ['wish stored'])
})

t.test('a run whose end is stored and not yet shown is waited for', async (t) => {
  const { cancel, did } = create({ status: 'succeeded', isHere: true, shownAfter: 2 })
  await cancel()
  t.same(did, ['wish stored', 'wait', 'wait'])
})

t.test('a process that closes waits no longer', async (t) => {
  const { cancel, did } = create({ status: 'running', isOwned: true })
  await cancel()
  t.equal(did.filter((what) => what === 'wait').length, 6)
})

t.test('an end that cannot be stored is told, and tried again later', async (t) => {
  const { cancel, did } = create({
    delivery: { kind: 'postponed', untilMs: 5 },
    error: { code: 'storage_failed', detail: 'the disk is full' },
  })
  await t.rejects(cancel(), {
    code: 'storage_failed',
    message: /resumed in a minute: the disk is full; then cancel it again/,
  })
  t.same(did, ['wish stored', 'take back', 'end: true', 'enqueue 5'])
})

t.test('another failure of the end is told too', async (t) => {
  const { cancel } = create({
    delivery: { kind: 'postponed', untilMs: 5 },
    error: { code: 'rate_limited', detail: 'x' },
  })
  await t.rejects(cancel(), { code: 'internal_error' })
})

t.test('a disk that is too full for the wish does not keep a run from ending that is executed here', async (t) => {
  const { cancel, did } = create({
    status: 'running',
    isHere: true,
    endsAfter: 1,
    wantCancel: async () => {
      throw FULL
    },
  })
  await cancel()
  t.same(did, ['wish stored', 'abort here', 'abort here', 'wait'])
  await t.rejects(
    create({
      wantCancel: async () => {
        throw FULL
      },
    }).cancel(),
    FULL,
    'where it is not, the client is told'
  )
})

t.test('while the database is away nothing is canceled', async (t) => {
  const { cancel, did } = create({ status: 'running', isHere: true, wantCancel: async () => { throw AWAY } })
  await t.rejects(cancel(), AWAY)
  t.same(did, ['wish stored'])
})

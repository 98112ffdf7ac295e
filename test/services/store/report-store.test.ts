import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { newRecord } from '../../../src/services/runs/transitions.ts'
import { createOwners } from '../../../src/services/store/owner.ts'
import { type StoredReport, createReportStore } from '../../../src/services/store/report-store.ts'
import { createRunStore } from '../../../src/services/store/run-store.ts'
import { onBothDatabases } from '../../database.ts'
import { START_MS } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

const REPORT: StoredReport = {
  runId: 'run-0',
  requestKey: '{"limit":1}',
  tier: 'extended',
  finishedMs: START_MS,
  isComparable: true,
  sha256: 'a'.repeat(64),
  profile: '{"tier":"extended"}',
  report: '{"name":"\\ud800"}',
}

onBothDatabases(t, 'a report is there for its document, and for no other', async (t, open) => {
  const { queries } = await open()
  const store = createReportStore({ queries })
  await store.save(REPORT, queries)
  t.match(await store.read('run-0', REPORT.sha256), { profile: REPORT.profile, report: REPORT.report })
  t.equal(await store.read('run-0', 'b'.repeat(64)), null)
  t.equal(await store.read('run-1', REPORT.sha256), null)
  await store.save({ ...REPORT, sha256: 'b'.repeat(64), report: '{}' }, queries)
  t.equal(await store.read('run-0', REPORT.sha256), null, 'a later report of the run takes its place')
  t.match(await store.read('run-0', 'b'.repeat(64)), { report: '{}' })
})

onBothDatabases(
  t,
  'earlier reports are those of an equal request and the same tier, the newest first',
  async (t, open) => {
    const { queries } = await open()
    const store = createReportStore({ queries })
    const others: Array<Partial<StoredReport>> = [
      { runId: 'older', finishedMs: START_MS - 2 },
      { runId: 'old', finishedMs: START_MS - 1 },
      { runId: 'same time' },
      { runId: 'later', finishedMs: START_MS + 1 },
      { runId: 'other request', requestKey: '{"limit":2}' },
      { runId: 'other tier', tier: 'development' },
      { runId: 'cut short', isComparable: false },
    ]
    for (const other of [{}, ...others]) await store.save({ ...REPORT, ...other }, queries)
    t.strictSame((await store.earlier(REPORT, 10)).map(({ runId }) => runId), ['same time', 'old', 'older'])
    t.strictSame((await store.earlier(REPORT, 2)).map(({ runId }) => runId), ['same time', 'old'])
  }
)

onBothDatabases(t, 'a damaged report is none', async (t, open) => {
  const { queries } = await open()
  const store = createReportStore({ queries })
  await store.save(REPORT, queries)
  await queries.updateTable('quality_reports').set({ profile: '{}' }).execute()
  t.equal(await store.read('run-0', REPORT.sha256), null)
  t.strictSame(await store.earlier({ ...REPORT, runId: 'another' }, 10), [])
})

onBothDatabases(
  t,
  'a report is stored with the change of its run or not at all, and deleted with it',
  async (t, open) => {
    const database = await open()
    const [reports, owners] = [createReportStore(database), createOwners()]
    t.teardown(() => owners.close())
    const runs = createRunStore(database, owners, createRecordingLog())
    const record = newRecord(
      uuidv7(),
      { source: 'auto', limit: 1, pagination: 'next', market: null, refresh: false },
      START_MS
    )
    const report = { ...REPORT, runId: record.run.id }
    await runs.admit({ record, key: null, maxPending: 1 })
    const change = (before: typeof record) => ({ ...before, executions: before.executions + 1 })
    await t.rejects(
      runs.update(record.run.id, change, false, async (within) => {
        await reports.save(report, within)
        throw new Error('no')
      }),
      { message: 'no' }
    )
    t.equal(await reports.read(record.run.id, REPORT.sha256), null)
    t.equal((await runs.read(record.run.id))?.record.executions, 0)
    await runs.update(record.run.id, (before) => before, false, async (within) => await reports.save(report, within))
    t.equal(
      await reports.read(record.run.id, REPORT.sha256),
      null,
      'where the record stays as it is, nothing is written'
    )
    await runs.update(record.run.id, change, false, async (within) => await reports.save(report, within))
    t.ok(await reports.read(record.run.id, REPORT.sha256))
    await runs.remove(record.run.id)
    t.equal(await reports.read(record.run.id, REPORT.sha256), null)
  }
)

import { join } from 'node:path'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import type { RunStatus } from '../../../src/schemas/run.ts'
import { openSqlite } from '../../../src/services/database/sqlite.ts'
import { documentName, newRecord } from '../../../src/services/runs/transitions.ts'
import { newRow } from '../../../src/services/store/run-row.ts'
import type { RunRecord } from '../../../src/services/run-record.ts'
import { environment, startSandbox, temporaryFolder } from '../../service.ts'
import { costsWhatFewCost } from './stored-runs.ts'

const RUNS = 100_000
const INSERTED_TOGETHER = 500

const STATUSES = ['succeeded', 'succeeded', 'succeeded', 'succeeded', 'partial', 'failed', 'canceled'] as const

t.test(`${RUNS} stored runs: start, lists, memory and rest cost what they cost with few`, async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const env: Record<string, string> = {
    ...environment(sandboxUrl, await temporaryFolder(t)),
    LOG_LEVEL: 'info',
    MAX_STORED_RUNS: '0',
    RETENTION_DAYS: '0',
    REQUESTS_PER_MINUTE: '0',
  }
  await fill(join(env['DATA_DIR'] ?? '', 'service.db'))
  await costsWhatFewCost(t, env)
})

/** As if the service had made them, an hour's worth each minute. */
async function fill (path: string): Promise<void> {
  const database = await openSqlite(path, { now: Date.now })
  const startMs = Date.now() - RUNS * 60_000
  for (let number = 0; number < RUNS; number += INSERTED_TOGETHER) {
    const rows = Array.from({ length: INSERTED_TOGETHER }, (_, place) => ({
      ...newRow(recordOf(number + place, startMs + (number + place) * 60_000)),
      releases_done: 1,
    }))
    await database.transaction(
      { lock: null, isDurable: false },
      async (within) => await within.insertInto('runs').values(rows).execute()
    )
  }
  await database.close()
}

function recordOf (number: number, atMs: number): RunRecord {
  const status: RunStatus = STATUSES[number % STATUSES.length] ?? 'succeeded'
  const record = newRecord(
    uuidv7({ msecs: atMs }),
    { source: 'auto', limit: 1 + (number % 100), pagination: 'next', market: null, refresh: false },
    atMs
  )
  const at = new Date(atMs).toISOString()
  const run = { ...record.run, status, complete: status === 'succeeded', startedAt: at, finishedAt: at }
  const file =
    status === 'failed' || status === 'canceled'
      ? null
      : { name: documentName(run), bytes: 1000, sha256: '0'.repeat(64) }
  return { ...record, executions: 1, run: { ...run, file } }
}

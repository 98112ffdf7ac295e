import t, { type Test } from 'tap'
import type { Run } from '../../../src/schemas/run.ts'
import { openSqlite } from '../../../src/services/database/sqlite.ts'
import { createObserver } from '../../../src/services/quality/observe.ts'
import { createQuality } from '../../../src/services/quality/quality.ts'
import { createDocumentStore } from '../../../src/services/store/documents/document-store.ts'
import { createReportStore } from '../../../src/services/store/report-store.ts'
import { startService, temporaryFolder } from '../../service.ts'
import { createRecordingLog } from '../../services/recording-log.ts'
import { runOf, sandboxDocument } from '../../services/quality/documents.ts'

/** Neighbours in time, in turns with quality first and last: whatever else the machine does meets both. */
const PAIRS = 60
/** The first ones compile. */
const WARM_UP = 15
const RUNS = 7
const LATENCY_MS = 50
/** On a machine that does nothing else. */
const MOST_SHARE = 0.05

function median (numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
}

async function * each (texts: string[]): AsyncGenerator<string> {
  yield * texts
}

/** How long a run of 100 albums takes in the extended tier, whole, in milliseconds. */
async function wholeRunMs (t: Test): Promise<number> {
  const service = await startService(t, { sandbox: { tier: 'extended', latencyMs: LATENCY_MS } })
  const tookMs: number[] = []
  for (let number = 0; number < RUNS; number++) {
    const { createdAt, finishedAt } = await service.ingest({ refresh: true })
    tookMs.push(Date.parse(finishedAt ?? '') - Date.parse(createdAt))
  }
  return median(tookMs)
}

/** Writes a document as an execution does, with or without its quality; gives the time it takes, in milliseconds. */
async function createWriter (t: Test): Promise<(withQuality: boolean) => Promise<number>> {
  const folder = await temporaryFolder(t)
  const database = await openSqlite(`${folder}/service.db`, { now: Date.now })
  t.teardown(async () => await database.close())
  const log = createRecordingLog()
  const documents = await createDocumentStore(folder, database, log)
  const quality = createQuality(createReportStore(database))
  const { albums } = sandboxDocument({ size: 100 })
  const texts = albums.map((album) => JSON.stringify(album))
  const run = runOf(albums) as Run
  const name = 'album_items_20261122T120000Z_000000.json'
  let execution = 0
  return async (withQuality) => {
    execution++
    const startedMs = performance.now()
    const observer = createObserver(run, log)
    await documents.stage(run.id, execution, name, withQuality ? observer.through(each(texts)) : each(texts))
    const findings = withQuality ? await observer.findings() : null
    if (findings !== null) await quality.judge(run, findings)
    const tookMs = performance.now() - startedMs
    await documents.discardStaged(name, execution)
    return tookMs
  }
}

t.test('a run ends at most 5 % later with quality than without (extended tier, 50 ms latency)', async (t) => {
  const runMs = await wholeRunMs(t)
  const write = await createWriter(t)
  const pairs: Array<{ withoutMs: number, extraMs: number }> = []
  for (let number = 0; number < PAIRS; number++) {
    const isFirst = number % 2 === 0
    const [oneMs, otherMs] = [await write(isFirst), await write(!isFirst)]
    const [withMs, withoutMs] = isFirst ? [oneMs, otherMs] : [otherMs, oneMs]
    pairs.push({ withoutMs, extraMs: withMs - withoutMs })
  }
  const counted = pairs.slice(WARM_UP)
  const extraMs = median(counted.map((pair) => pair.extraMs))
  const withoutMs = median(counted.map((pair) => pair.withoutMs))
  t.comment(`a run takes ${runMs} ms; writing ${withoutMs.toFixed(1)} ms, with quality ` +
    `${extraMs.toFixed(1)} ms more: ` +
    `${(100 * extraMs / runMs).toFixed(1)} % of the run`)
  t.ok(extraMs / runMs <= MOST_SHARE, `at most ${MOST_SHARE * 100} %`)
})

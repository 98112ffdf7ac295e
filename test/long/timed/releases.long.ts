import { pino } from 'pino'
import t, { type Test } from 'tap'
import { storeBigRun } from '../../big-document.ts'
import { temporaryFolder } from '../../service.ts'
import { openSqlite } from '../../../src/services/database/sqlite.ts'
import { createReleaseRecorder } from '../../../src/services/releases/recorder.ts'
import { createOwners } from '../../../src/services/store/owner.ts'
import { createReleaseStore } from '../../../src/services/store/release-store.ts'
import { createRunStore } from '../../../src/services/store/run-store.ts'

/** More than 20,000 albums with 200,000 tracks. */
const DOCUMENT_BYTES = 100 * 1024 * 1024
const TRACKS_PER_ALBUM = 10
/** Computing, not waiting: what other processes take of the machine and its disk is not the service's. */
const COMPUTED_MS = 50
/** A garbage collection of what came before may fall into a turn: it is measured again. */
const TRIALS = 3

function computedMs (): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** The most that one turn of the event loop computes while work is being done, in milliseconds. */
async function longestTurnMs (work: Promise<void>): Promise<number> {
  let longestMs = 0
  let beforeMs = computedMs()
  let isGoingOn = true
  function turn (): void {
    const nowMs = computedMs()
    longestMs = Math.max(longestMs, nowMs - beforeMs)
    beforeMs = nowMs
    if (isGoingOn) setImmediate(turn)
  }
  setImmediate(turn)
  await work.finally(() => { isGoingOn = false })
  return longestMs
}

/** Records the releases of a document in a database of its own. */
async function longestTurnOf (t: Test): Promise<number> {
  const folder = await temporaryFolder(t)
  const { run, path, albums } = await storeBigRun(folder, DOCUMENT_BYTES, false, TRACKS_PER_ALBUM)
  const database = await openSqlite(`${folder}/service.db`, { now: Date.now })
  const log = pino({ level: 'silent' })
  const owners = createOwners()
  const releases = createReleaseStore(database)
  const recorder = createReleaseRecorder({
    releases,
    store: createRunStore(database, owners, log),
    documents: { path: async () => path },
    monotonicMs: () => performance.now(),
    log,
  })
  try {
    const startedMs = performance.now()
    const turnMs = await longestTurnMs(recorder.record(run.id))
    t.comment(
      `${albums} albums in ${((performance.now() - startedMs) / 1000).toFixed(1)} s; longest ` +
        `turn ${turnMs.toFixed(0)} ms`
    )
    t.ok(((await releases.newest(1))[0]?.seq ?? 0) > 20_000, 'they are recorded')
    return turnMs
  } finally {
    owners.close()
    await database.close()
  }
}

t.test('the releases of more than 20,000 albums are recorded without a block of the event loop', async (t) => {
  let turnMs = Infinity
  for (let trial = 0; trial < TRIALS && turnMs > COMPUTED_MS; trial++) turnMs = await longestTurnOf(t)
  t.ok(turnMs <= COMPUTED_MS, `no turn over ${COMPUTED_MS} ms`)
})

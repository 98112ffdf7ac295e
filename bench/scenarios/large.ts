import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { environment } from '../environment.ts'
import { program } from '../processes.ts'
import type { Reading } from '../programs/probe.ts'
import type { Section } from '../results.ts'
import type { Run } from '../run.ts'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { type Service, startService } from '../service.ts'
import { median, percentile99 } from '../statistics.ts'
import { atMost } from '../targets/check.ts'

const SMALL = 1000
const LARGE = 20_000
const MOST_ROUNDS = 3
const WARM_UP = 200

interface Measured extends Reading {
  wallMs: number
  run: Run
  /** The largest table of the document, as Parquet. */
  table: TableMeasured
}

interface TableMeasured extends Reading {
  wallMs: number
  bytes: number
  /** What another client waits for an answer meanwhile, but for one answer in a hundred. */
  answeredMs: number
}

const TABLE = 'tracks'
/** Between two questions of the other client. */
const ASKS_AFTER_MS = 10

/** 1,000 and 20,000 albums in the extended tier without latency, in turn, each in a fresh process: memory, time an album, event loop. */
export async function large (bench: Bench): Promise<Section> {
  return await bench.withFolder(async (folder) => {
    const sandbox = await startSandbox(folder, program('programs/long-listing.ts'))
    try {
      await ingest(bench, sandbox, WARM_UP)
      const small: Measured[] = []
      const big: Measured[] = []
      for (let round = 1; round <= Math.min(bench.rounds, MOST_ROUNDS); round++) {
        small.push(await ingest(bench, sandbox, SMALL))
        big.push(await ingest(bench, sandbox, LARGE))
      }
      return sectionOf(small, big)
    } finally {
      await sandbox.stop()
    }
  })
}

async function ingest ({ withFolder, say, nodeArgs }: Bench, sandbox: Sandbox, albums: number): Promise<Measured> {
  return await withFolder(async (folder) => {
    const service = await startService(folder, environment(sandbox.origin, join(folder, 'data')), nodeArgs)
    try {
      await service.beginProbe()
      const { id, createdAt } = await service.startRun({ source: 'new-releases', limit: albums }, 'large')
      const { run, toldAtMs } = await service.untilEnded(id)
      const wallMs = toldAtMs - Date.parse(createdAt)
      const reading = await service.readProbe()
      say(`  ${albums} albums: ${(wallMs / 1000).toFixed(1)} s, ${reading.peakMemoryMb.toFixed(0)} MB, blocked for ${reading.blockedMs.toFixed(0)} ms`)
      const table = await fetchTable(service, id)
      say(`  their table of ${TABLE}: ${(table.wallMs / 1000).toFixed(1)} s, ${table.peakMemoryMb.toFixed(0)} MB, blocked for ${table.blockedMs.toFixed(0)} ms, others answered within ${table.answeredMs.toFixed(0)} ms`)
      return { ...reading, wallMs, run, table }
    } finally {
      await service.stop()
    }
  })
}

/** Fetches the table twice, since the first one also checks the document; measures the second one, while another client asks. */
async function fetchTable (service: Service, id: string): Promise<TableMeasured> {
  const fetchOnce = async (): Promise<number> => (await (await fetch(`${service.url}/runs/${id}/tables/${TABLE}`)).arrayBuffer()).byteLength
  await fetchOnce()
  await service.beginProbe()
  const startedMs = performance.now()
  const table = fetchOnce()
  const answeredMs = percentile99(await askUntil(service, table))
  return { bytes: await table, wallMs: performance.now() - startedMs, answeredMs, ...await service.readProbe() }
}

/** Asks for something small, again and again, until `work` is done; returns how long each answer took, in milliseconds. */
async function askUntil ({ url }: Service, work: Promise<unknown>): Promise<number[]> {
  const tookMs: number[] = []
  const done = new AbortController()
  const finish = (): void => done.abort()
  work.then(finish, finish)
  while (!done.signal.aborted) {
    const askedMs = performance.now()
    const answer = await fetch(`${url}/health/live`)
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`/health/live answered ${answer.status}`)
    tookMs.push(performance.now() - askedMs)
    await delay(ASKS_AFTER_MS)
  }
  return tookMs
}

function sectionOf (small: Measured[], big: Measured[]): Section {
  const of = (measured: Measured[], value: (one: Measured) => number): number => median(measured.map(value))
  const memory = of(big, ({ peakMemoryMb }) => peakMemoryMb) - of(small, ({ peakMemoryMb }) => peakMemoryMb)
  const missing = [...small.map((one) => SMALL - whole(one)), ...big.map((one) => LARGE - whole(one))].filter((albums) => albums !== 0).length
  return {
    tables: [],
    figures: [{
      id: 'large',
      title: 'many albums',
      about: ['Extended tier, no latency, no limit, each run in a fresh process, all rounds. "Blocked" is the longest time between two turns of the event loop, and that which 1 in 1,000 turns exceeds.',
        'The time is shared with the sandbox, which makes and compresses every album on the same machine; the CPU time is the service\'s own.'],
      columns: ['albums', 'tracks', 'calls', 'file in MB', 'wall time in s', 'ms an album', 'CPU ms an album', 'peak memory in MB', 'blocked for ms', '1 in 1,000'],
      rows: [...small, ...big].map(rowOf),
    }, {
      id: 'tables',
      title: `the table of ${TABLE} of these documents, as Parquet`,
      about: ['The second download of each: the first one also checks the document against its SHA-256. Meanwhile another client asks for `/health/live`; one of its answers in 100 may take longer.'],
      columns: ['albums', 'tracks', 'file in MB', 'wall time in s', 'CPU in s', 'peak memory in MB', 'blocked for ms', 'others answered within ms'],
      rows: [...small, ...big].map(tableRowOf),
    }],
    checks: [
      atMost('4', 'time', `${LARGE} albums: peak memory over that of ${SMALL}`, memory, 60, ' MB'),
      atMost('4', 'time', `${LARGE} albums: time an album as a multiple of that of ${SMALL}`, of(big, ({ wallMs }) => wallMs) / LARGE / (of(small, ({ wallMs }) => wallMs) / SMALL), 1.2),
      atMost('4', 'time', `${LARGE} albums: longest block of the event loop in any round`, Math.max(...big.map(({ blockedMs }) => blockedMs)), 50, ' ms'),
      atMost('4', 'time', `${LARGE} albums: longest block of the event loop while the table of ${TABLE} is made, in any round`, Math.max(...big.map(({ table }) => table.blockedMs)), 50, ' ms'),
      atMost('4', 'time', `${LARGE} albums: 99 of 100 answers to another client meanwhile, in any round`, Math.max(...big.map(({ table }) => table.answeredMs)), 50, ' ms'),
      atMost('4', 'time', `${LARGE} albums: memory that the table of ${TABLE} takes beyond the peak of the run`, Math.max(...big.map((one) => one.table.peakMemoryMb - one.peakMemoryMb)), 100, ' MB'),
      atMost('6', 'count', `${SMALL} and ${LARGE} albums: runs in which anything is missing`, missing, 0),
    ],
  }
}

/** Albums of a run that says that it has everything; the document is too large to be read here. */
function whole ({ run: { status, progress } }: Measured): number {
  return status === 'succeeded' ? progress.albumsFetched : 0
}

function rowOf ({ run, wallMs, cpuMs, peakMemoryMb, blockedMs, blockedP999Ms }: Measured): string[] {
  const { albumsFetched: albums, tracks } = run.progress
  return [
    String(albums), String(tracks), String(run.cost.calls), ((run.file?.bytes ?? 0) / 1e6).toFixed(1), (wallMs / 1000).toFixed(2), (wallMs / albums).toFixed(2), (cpuMs / albums).toFixed(2),
    peakMemoryMb.toFixed(0), blockedMs.toFixed(0), blockedP999Ms.toFixed(0),
  ]
}

function tableRowOf ({ run: { progress }, table }: Measured): string[] {
  const { bytes, wallMs, cpuMs, peakMemoryMb, blockedMs, answeredMs } = table
  return [
    String(progress.albumsFetched), String(progress.tracks), (bytes / 1e6).toFixed(1), (wallMs / 1000).toFixed(2), (cpuMs / 1000).toFixed(2),
    peakMemoryMb.toFixed(0), blockedMs.toFixed(0), answeredMs.toFixed(0),
  ]
}

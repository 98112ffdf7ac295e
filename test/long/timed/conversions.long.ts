import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { type BigRun, storeBigRun } from '../../big-document.ts'
import { type ServiceProcess, startProcess } from '../../process.ts'
import { environment, temporaryFolder } from '../../service.ts'

const MIB = 1024 * 1024
const DOCUMENT_BYTES = 200 * MIB
const READERS = 100
const WATCHED_MS = 30_000
/** On a machine with nothing else to do it is below 100. */
const P99_MS = 250

interface Started { service: ServiceProcess, big: BigRun, dispatcher: Agent }

async function start (t: Test): Promise<Started> {
  const dataDir = await temporaryFolder(t)
  const big = await storeBigRun(dataDir, DOCUMENT_BYTES)
  const keys = Array.from({ length: READERS }, (_, i) => keyOf(i)).join()
  const service = await startProcess(t, {
    ...environment('http://127.0.0.1:9', dataDir),
    LOG_LEVEL: 'info',
    API_KEYS: keys,
    REQUESTS_PER_MINUTE: '0',
  })
  const dispatcher = new Agent({ connections: READERS })
  t.teardown(async () => await dispatcher.destroy())
  return { service, big, dispatcher }
}

function keyOf (number: number): string {
  return `key-of-client-number-${number}`
}

/** How long the probes take while readers read, in milliseconds, in order. */
async function probe ({ service }: Started): Promise<number[]> {
  const tookMs: number[] = []
  for (const untilMs = performance.now() + WATCHED_MS; performance.now() < untilMs; await delay(20)) {
    const askedMs = performance.now()
    await (await request(`${service.url}/health/live`)).body.dump()
    tookMs.push(performance.now() - askedMs)
  }
  return tookMs.sort((a, b) => a - b)
}

for (const [what, clientOf] of [
  ['one client', () => 0],
  ['as many clients', (i: number) => i],
] as Array<[string, (i: number) => number]>) {
  t.test(`${READERS} readers of 200 MiB of csv, of ${what}: the probes are answered, and bytes come`, async (t) => {
    const started = await start(t)
    const { service, big, dispatcher } = started
    const stop = new AbortController()
    let bytes = 0
    const read = async (i: number): Promise<void> => {
      const { statusCode, headers, body } = await request(`${service.url}/runs/${big.run.id}?format=csv`, {
        headers: { 'x-api-key': keyOf(clientOf(i)) },
        signal: stop.signal,
        dispatcher,
      })
      t.ok(statusCode === 200 || headers['retry-after'] !== undefined, String(statusCode))
      for await (const chunk of body) bytes += (chunk as Buffer).length
    }
    const readers = Array.from({ length: READERS }, async (_, i) => {
      await read(i).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error
      })
    })
    const tookMs = await probe(started)
    stop.abort()
    await Promise.all(readers)
    const p99Ms = tookMs[Math.floor(tookMs.length * 0.99)] ?? Infinity
    t.comment(
      `p50 ${tookMs[tookMs.length >> 1]?.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms, ` +
        `${((bytes / MIB / WATCHED_MS) * 1000).toFixed(1)} MiB/s of csv`
    )
    t.ok(p99Ms < P99_MS)
    t.ok(bytes > 10 * MIB)
  })
}

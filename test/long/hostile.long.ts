import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { leaks } from '../hostile-laws.ts'
import { type Lane, type Outcome, HOSTILE_SETTINGS, changesOf, runUnder } from '../hostile-runs.ts'
import { type HostileUpstream, startHostileUpstream } from '../hostile-upstream.ts'
import { type ServiceProcess, startProcess } from '../process.ts'
import { environment, temporaryFolder } from '../service.ts'

t.setTimeout(600_000)

/**
 * Processes side by side, and answers that are changed for each of them, at least: the extended tier has larger answers
 * and fewer calls.
 */
const LANES = 4
const TIERS = [{ tier: 'extended', changes: 500 }, { tier: 'development', changes: 800 }] as const
const MOST_MEMORY_KB = 300 * 1024
/**
 * Garbage would be counted too: how much V8 leaves lying depends on the memory of the machine. A heap that is too small
 * ends the process.
 */
const SMALL_HEAP = '--max-old-space-size=128 --max-semi-space-size=16'

interface ProcessLane extends Lane {
  service: ServiceProcess
  dataDir: string
}

async function startLane (t: Test, upstream: HostileUpstream): Promise<ProcessLane> {
  upstream.begin({ seed: 0, probability: 0, mayPause: false })
  const dataDir = await temporaryFolder(t)
  const service = await startProcess(t, {
    ...environment(upstream.url, dataDir),
    ...HOSTILE_SETTINGS,
    NODE_OPTIONS: SMALL_HEAP,
  })
  return { upstream, service, dataDir, url: service.url, output: service.output, now: Date.now, previousLog: 0 }
}

async function peakMemoryKb ({ child }: ServiceProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
}

/** Ends the process, and fails the test for what it did wrong while it ran. Gives its peak memory in kB. */
async function endLane (t: Test, { service, upstream, dataDir }: ProcessLane): Promise<number> {
  const peakKb = await peakMemoryKb(service)
  t.equal(service.child.exitCode, null, 'the process has not ended by itself')
  t.same(await service.kill('SIGTERM').then(({ code }) => code), 0, 'it ends in order')
  const files = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  for (const { parentPath, name } of files) {
    const found = leaks(await readFile(join(parentPath, name), 'latin1'), upstream.secrets)
    if (found.length > 0) t.fail(`a secret is in the file ${name}`, { found })
  }
  t.strictSame(upstream.strayed, [], 'nothing was sent to another origin')
  t.ok(peakKb < MOST_MEMORY_KB, `${peakKb} kB of memory at most`)
  return peakKb
}

for (const [index, { tier, changes }] of TIERS.entries()) {
  t.test(`${tier} tier: under thousands of changed answers no run breaks a law`, { timeout: 300_000 }, async (t) => {
    const outcomes: Outcome[] = []
    const peaks: number[] = []
    const changed = await Promise.all(Array.from({ length: LANES }, async (_, number) => {
      const upstream = await startHostileUpstream(t, {
        tier,
        seed: number + 1,
        albums: 200,
        pageLimits: { newReleases: 10, albums: 5 },
      })
      let lane = await startLane(t, upstream)
      for (let seed = 1000 * (number + 1) + 500 * index; changesOf(upstream) < changes; seed++) {
        const outcome = await runUnder(t, lane, { seed, limit: 80 + seed % 40, mayPause: seed % 7 === 0 })
        outcomes.push(outcome)
        if (!outcome.isCanceled) continue
        peaks.push(await endLane(t, lane))
        lane = await startLane(t, upstream) // the pause outlives the process
      }
      peaks.push(await endLane(t, lane))
      return changesOf(upstream)
    }))
    const counts = Object.fromEntries(
      ['succeeded', 'partial', 'failed', 'canceled'].map((wanted) => [
        wanted,
        outcomes.filter(({ status }) => status === wanted).length,
      ])
    )
    t.ok((counts['succeeded'] ?? 0) > 10 && (counts['partial'] ?? 0) > 10, 'runs got far')
    t.comment({
      changed: changed.reduce((sum, count) => sum + count, 0),
      peakKb: Math.max(...peaks),
      counts,
      shareOfCalls: Math.max(...outcomes.map(({ share }) => share)),
    })
  })
}

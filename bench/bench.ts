import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, Running } from './contenders/contender.ts'
import { type ContenderName, CONTENDERS } from './contenders/index.ts'
import type { Sandbox } from './sandbox.ts'
import type { Sample } from './results.ts'

/** What a scenario works with. */
export interface Bench {
  short: boolean
  /** Rounds of each contender, where a round takes seconds. */
  rounds: number
  latencyMs: number
  sandbox: Sandbox
  /** Further options of Node.js for the service's processes. */
  nodeArgs: string[]
  /** An empty folder while `work` is going on. */
  withFolder: <Result>(work: (folder: string) => Promise<Result>) => Promise<Result>
  say: (line: string) => void
}

export async function withFolder<Result> (work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Start a fresh process of the contender, and let it work. */
export async function withContender<Result> (bench: Bench, name: ContenderName, env: Record<string, string>, work: (running: Running) => Promise<Result>): Promise<Result> {
  return await bench.withFolder(async (folder) => {
    const running = await CONTENDERS[name].start(bench.sandbox.origin, folder, env, bench.nodeArgs)
    try {
      return await work(running)
    } finally {
      await running.stop()
    }
  })
}

/** One round, counted by the sandbox from zero. */
export async function sample ({ sandbox, say }: Bench, name: ContenderName, running: Running, job: Job): Promise<Sample> {
  await sandbox.resetStats()
  const round = await running.run(job)
  const stats = await sandbox.stats()
  say(`  ${CONTENDERS[name].name}: ${(round.wallMs / 1000).toFixed(3)} s, ${stats.calls} calls`)
  return { ...round, stats }
}

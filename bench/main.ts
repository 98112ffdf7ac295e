import { type Bench, withFolder } from './bench.ts'
import { type Options, type ScenarioName, USAGE, readOptions } from './options.ts'
import { killAll } from './processes.ts'
import { describeMachine } from './report/machine.ts'
import { type Report, renderReport } from './report/markdown.ts'
import { store } from './report/store.ts'
import type { Section } from './results.ts'
import { startSandbox } from './sandbox.ts'
import { download } from './scenarios/download.ts'
import { large } from './scenarios/large.ts'
import { rateLimited } from './scenarios/rate-limited.ts'
import { tenRuns } from './scenarios/ten-runs.ts'
import { tier } from './scenarios/tiers.ts'

const LATENCY_MS = 50

const SCENARIO: Record<ScenarioName, (bench: Bench) => Promise<Section>> = {
  extended: async (bench) => await tier(bench, 'extended'),
  development: async (bench) => await tier(bench, 'development'),
  'rate-limited': rateLimited,
  'ten-runs': tenRuns,
  large,
  download,
}

async function main (): Promise<number> {
  const argv = process.argv.slice(2)
  const options = readOptions(argv)
  if (options.help) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  const report = await measure(options, ['npm run bench', ...argv.length > 0 ? ['--', ...argv] : []].join(' '))
  process.stdout.write(`\n${renderReport(report)}\n\n`)
  process.stdout.write(`stored in ${(await store(report, options.record)).join(' and ')}\n`)
  const wrong = report.checks.filter(({ ok, kind }) => !ok && kind === 'count')
  for (const { promise, measured } of wrong) process.stderr.write(`bench: ${promise}; it was ${measured}\n`)
  return wrong.length === 0 ? 0 : 1
}

async function measure ({ short, rounds, scenarios, profile }: Options, command: string): Promise<Report> {
  return await withFolder(async (folder) => {
    const startedAt = new Date()
    const sandbox = await startSandbox(folder)
    const bench: Bench = {
      short, rounds, sandbox, latencyMs: LATENCY_MS, nodeArgs: profile ? ['--cpu-prof', '--cpu-prof-dir=data/bench/profiles'] : [], withFolder, say: (line) => process.stderr.write(`${line}\n`),
    }
    try {
      const machine = await describeMachine(bench)
      const sections: Section[] = []
      for (const name of scenarios) sections.push(await SCENARIO[name](bench))
      return {
        command,
        startedAt: startedAt.toISOString(),
        seconds: (Date.now() - startedAt.getTime()) / 1000,
        latencyMs: LATENCY_MS,
        machine,
        tables: sections.flatMap(({ tables }) => tables),
        figures: sections.flatMap(({ figures }) => figures),
        checks: sections.flatMap(({ checks }) => checks).sort((a, b) => a.target.localeCompare(b.target)),
      }
    } finally {
      await sandbox.stop()
    }
  })
}

const UNWINDS_WITHIN_MS = 5000
let isStopped = false

/** What waits for a process that is gone gives up, and removes its files on the way out. */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isStopped = true
    killAll()
    setTimeout(() => process.exit(1), UNWINDS_WITHIN_MS).unref()
  })
}

main().then((code) => process.exit(code), (error: unknown) => {
  killAll()
  process.stderr.write(isStopped ? 'bench: stopped\n' : `bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { runCommand } from './process.ts'
import { temporaryFolder } from './service.ts'
import { PAGE, type Row } from './what-happens-rows.ts'

/** The page's commands: to start the sandbox, to start the service, and to play a row. */
const [SANDBOX = '', SERVICE = '', PLAY = ''] = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(
  ([, commands]) => commands ?? ''
)
const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> }

interface Outcome {
  status: string
  error: string | null
  gaps: string[]
}

/** A sandbox and a service that were started by the page's commands, on free ports. */
export interface Stage {
  /** Play a row on the service as it is. */
  play: (row: Pick<Row, 'setting'>) => Promise<Outcome>
  /** What the service has logged since the last row began. */
  log: () => string
  /** End both. */
  end: () => Promise<void>
}

/** Follow the page's commands until the service listens. */
export async function startStage (t: Test, tier: Row['tier']): Promise<Stage> {
  const folder = await temporaryFolder(t)
  const sandbox = await start(
    t,
    tier === 'extended' ? SANDBOX.replace('npm run -s sandbox', '$& -- --tier extended') : SANDBOX,
    /sandbox on (http:\S+)/
  )
  const onSandbox = (commands: string): string => commands.replaceAll('http://127.0.0.1:4000', sandbox.url)
  const service = await start(
    t,
    onSandbox(SERVICE).replaceAll('data/faults', `${folder}/faults`),
    /listening at (http:[^"\s]+)/
  )
  const play = onSandbox(PLAY).replaceAll('http://127.0.0.1:3000', service.url)
  let earlier = 0
  return {
    async play ({ setting }) {
      earlier = service.output().length
      const { code, stdout, stderr } = await runCommand('bash', [
        '-c',
        play.replace(/^play '.*'$/m, 'play "$1"'),
        'play',
        setting,
      ])
      if (code !== 0) throw new Error(stderr)
      return JSON.parse(stdout) as Outcome
    },
    log: () => service.output().slice(earlier),
    end: async () => { for (const { stop } of [service, sandbox]) await stop() },
  }
}

/**
 * Run commands of the page that do not end. A package script is run without npm between, so that a signal reaches it.
 */
async function start (
  t: Test,
  commands: string,
  announces: RegExp
): Promise<{ url: string, output: () => string, stop: () => Promise<void> }> {
  const direct = commands
    .replace(/\bnpm (?:run -s )?(\w+)(?: --)?/, (_command, script: string) => `exec ${scripts[script]}`)
    .replace(/^(\w+=\S+) exec /m, 'export $1; exec ')
  const child: ChildProcess = spawn('bash', ['-c', direct], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(stop)
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const address = announces.exec(output)?.[1]
      if (address !== undefined) resolve(address)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', () => reject(new Error(`it ended before it listened:\n${output}`)))
  })
  return { url, output: () => output, stop }
}

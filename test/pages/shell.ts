import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { temporaryFolder } from '../service.ts'

/** What a block of commands left. */
export interface Played {
  code: number
  stdout: string
  stderr: string
}

/** A shell that a reader would have open in a fresh clone. */
export interface Shell {
  folder: string
  /** Runs commands; variables and files of earlier ones are there. */
  run: (commands: string) => Promise<Played>
  /** Runs commands that do not end, until they have printed this, and returns what they have printed. */
  serve: (commands: string, until: RegExp) => Promise<string>
}

const SERVES_WITHIN_MS = 60_000
/** What a clone does not have. */
const LEFT_OUT = ['.git', '.env', '.tap', 'data']

/** Makes a folder that looks like a clone of the project, of links to its files. */
export async function cloneByLinks (t: Test): Promise<string> {
  const folder = await temporaryFolder(t)
  const names = (await readdir('.')).filter((name) => !LEFT_OUT.includes(name))
  await Promise.all(names.map(async (name) => await symlink(join(process.cwd(), name), join(folder, name))))
  return folder
}

/** Opens a shell in the folder, with these variables and the PATH alone; it is closed when the test has ended. */
export async function openShell (t: Test, folder: string, variables: Record<string, string>): Promise<Shell> {
  const scratch = join(await temporaryFolder(t), 'blocks')
  await mkdir(scratch)
  const env = {
    PATH: `${join(process.cwd(), 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    npm_config_update_notifier: 'false',
    ...variables,
  }
  const bash = spawn('bash', ['--norc', '--noprofile'], { cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => bash.kill('SIGKILL'))
  const lines = createInterface(bash.stdout)[Symbol.asyncIterator]()
  let count = 0
  return {
    folder,
    async run (commands) {
      const path = join(scratch, String(++count))
      await writeFile(`${path}.sh`, commands)
      bash.stdin.write(`. '${path}.sh' >'${path}.out' 2>'${path}.err' </dev/null; echo $?\n`)
      const { value } = await lines.next()
      return {
        code: Number(value),
        stdout: await readFile(`${path}.out`, 'utf8'),
        stderr: await readFile(`${path}.err`, 'utf8'),
      }
    },
    async serve (commands, until) {
      const child = spawn('bash', ['-c', commands], {
        cwd: folder,
        env: { ...env, PORT: '0' },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const closed = once(child, 'close')
      let isOpen = true
      child.once('close', () => { isOpen = false })
      const stop = (): void => {
        if (child.pid !== undefined && isOpen) process.kill(-child.pid, 'SIGTERM')
      }
      t.teardown(stop)
      let output = ''
      try {
        await new Promise<void>((resolve, reject) => {
          const read = (piece: Buffer): void => {
            output += piece.toString()
            if (until.test(output)) resolve()
          }
          child.stdout.on('data', read)
          child.stderr.on('data', read)
          child.once('close', () => reject(new Error(`it ended before it printed ${String(until)}:\n${output}`)))
          setTimeout(
            () => reject(new Error(`it has not printed ${String(until)}:\n${output}`)),
            SERVES_WITHIN_MS
          ).unref()
        })
      } finally {
        stop()
        await closed
      }
      return output
    },
  }
}

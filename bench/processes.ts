import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A process that the benchmark has started. */
export interface Child {
  process: ChildProcess
  /** What it has printed so far. */
  output: () => Promise<string>
  /** Send it a message and wait for its next one. */
  ask: (message: unknown) => Promise<unknown>
  stop: () => Promise<void>
}

export interface StartOptions {
  env?: Record<string, string>
  /** Where its output goes: a file, so that no reader of a pipe takes a core from it. */
  logPath: string
  /** Options of Node.js. */
  nodeArgs?: string[]
}

const running = new Set<ChildProcess>()
const STOPS_WITHIN_MS = 7000

/** A program of the benchmark, by its path in bench/. */
export function program (path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

/** Start a program of Node.js with nothing of this environment but the PATH. */
export async function start (file: string, args: string[], { env = {}, logPath, nodeArgs = [] }: StartOptions): Promise<Child> {
  const log = await open(logPath, 'w')
  const child = spawn(process.execPath, [...nodeArgs, file, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  })
  await log.close()
  running.add(child)
  const exited = once(child, 'exit').finally(() => running.delete(child))
  const output = async (): Promise<string> => await readFile(logPath, 'utf8')

  async function ended (): Promise<never> {
    await exited
    throw new Error(`${file} ended too early (${child.signalCode ?? child.exitCode}):\n${await output()}`)
  }

  return {
    process: child,
    output,
    async ask (message) {
      const answer = once(child, 'message')
      child.send(message as object)
      const [value] = await Promise.race([answer, ended()]) as [unknown]
      return value
    },
    async stop () {
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS)
      await exited
      clearTimeout(kill)
    },
  }
}

const LOOK_EVERY_MS = 5
const LISTENS_WITHIN_MS = 15_000

/** Wait until the program prints an address, and give that. */
export async function addressOf (child: Child): Promise<string> {
  const deadline = performance.now() + LISTENS_WITHIN_MS
  while (performance.now() < deadline && child.process.exitCode === null) {
    const address = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(await child.output())?.[0]
    if (address !== undefined) return address
    await sleep(LOOK_EVERY_MS)
  }
  throw new Error(`a program does not listen:\n${await child.output()}`)
}

/** End at once what is still running. */
export function killAll (): void {
  for (const child of running) child.kill('SIGKILL')
}

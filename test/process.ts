import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { request } from 'undici'
import type { Run } from '../src/schemas/run.ts'
import type { Document } from './service.ts'

/** A real process of the service. */
export interface ServiceProcess {
  url: string
  child: ChildProcess
  /** Milliseconds from the start of the process until it listened. */
  startedInMs: number
  output: () => string
  /** Send the signal and wait for the process to be gone. */
  kill: (signal: NodeJS.Signals) => Promise<{ code: number | null, ms: number }>
}

const LISTENS_WITHIN_MS = 15_000
/** As `npm start` does: the first file comes from the cache as well. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') }

/** Start `node src/server.ts` on a free port; whatever happens, it is gone when the test has ended. */
export async function startProcess (t: Test, env: Record<string, string>): Promise<ServiceProcess> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, ['src/server.ts'], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the service does not listen:\n${output}`)), LISTENS_WITHIN_MS)
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const address = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
      if (address === undefined) return
      clearTimeout(late)
      resolve(address)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', () => {
      clearTimeout(late)
      reject(new Error(`the service ended before it listened:\n${output}`))
    })
    t.teardown(async () => {
      child.kill('SIGKILL')
      await exited
    })
  })
  return {
    url,
    child,
    startedInMs: performance.now() - startedAtMs,
    output: () => output,
    async kill (signal) {
      const sentAtMs = performance.now()
      child.kill(signal)
      const [code] = await exited
      return { code, ms: performance.now() - sentAtMs }
    },
  }
}

export async function post (url: string, body: unknown = {}): Promise<Run> {
  const answer = await request(`${url}/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return await answer.body.json() as Run
}

/** Ask until the run has ended, as a client without any other means does. */
export async function untilEnded (url: string, id: string, signal = AbortSignal.timeout(60_000)): Promise<Run> {
  for (;;) {
    const answer = await request(`${url}/runs/${id}/status`, { signal })
    const run = await answer.body.json() as Run
    if (run.finishedAt !== null) return run
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export async function download (url: string, id: string): Promise<Document> {
  const answer = await request(`${url}/runs/${id}`)
  return await answer.body.json() as Document
}

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** Run a program to its end. */
export async function runProgram (
  file: string,
  args: string[],
  env: Record<string, string> = {},
  cwd = process.cwd()
): Promise<Ended> {
  return await runCommand(process.execPath, [file, ...args], env, cwd)
}

/** Run any command to its end, with nothing of this process's environment but the PATH. */
export async function runCommand (
  command: string,
  args: string[],
  env: Record<string, string> = {},
  cwd = process.cwd()
): Promise<Ended> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
  const [code] = await once(child, 'close') as [number | null]
  return { code, stdout, stderr }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { type Test } from 'tap'

/** A Redis of the test's own, on loopback, that keeps nothing on disk unless it is told to. */
export interface RedisServer {
  /** `redis://127.0.0.1:PORT`; the same after a restart. */
  url: string
  port: number
  /** SIGKILL: it is gone, and all that it held but for the append-only file. Resolves when the process has ended. */
  kill: () => Promise<void>
  /** Kill it if it runs, and start it again on the same port: empty, or with what is in the append-only file. */
  restart: () => Promise<void>
  /** It keeps its connections and answers nobody, like a host that hangs, until `thaw`. */
  freeze: () => void
  thaw: () => void
  /** FLUSHALL. */
  flush: () => Promise<void>
  /** Any command, by a connection of its own: `await redis.command('PTTL', 'key')`. */
  command: (name: string, ...args: Array<string | number>) => Promise<unknown>
}

export interface RedisOptions {
  /** It keeps an append-only file, written to the disk each second, as in compose.yaml and deploy/kubernetes. */
  appendOnly?: boolean
}

/** Those that run: they are not to outlive a test process that is ended early. */
const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGKILL') })

const LISTENS_WITHIN_MS = 10_000
const STARTS = 5

/**
 * Start a private redis-server that is gone when the test has ended. null, and a skip with the reason, on a
 * machine without redis-server: `const redis = await startRedis(t); if (redis === null) return`. With `CI=true`
 * its absence is a failure.
 */
export async function startRedis (t: Test, { appendOnly = false }: RedisOptions = {}): Promise<RedisServer | null> {
  if (spawnSync('redis-server', ['--version']).error !== undefined) {
    if (process.env['CI'] === 'true') throw new Error('redis-server is missing, and CI must not skip what needs it')
    t.pass('on Redis', { skip: 'no redis-server on this machine (Debian: apt-get install redis-server)' })
    return null
  }
  let child: ChildProcess | null = null
  const stop = async (): Promise<void> => {
    const stopped = child
    child = null
    if (stopped === null || stopped.exitCode !== null || stopped.signalCode !== null) return
    const exited = once(stopped, 'exit')
    stopped.kill('SIGKILL')
    await exited
  }
  const folder = appendOnly ? await mkdtemp(join(tmpdir(), 'redis-test-')) : null
  t.teardown(async () => {
    await stop()
    if (folder !== null) await rm(folder, { recursive: true })
  })

  let port = 0
  for (let tries = 1; child === null; tries++) {
    port = await freePort()
    child = await listening(port, folder).catch((error: unknown) => {
      if (tries >= STARTS) throw error
      return null
    })
  }
  const url = `redis://127.0.0.1:${port}`
  const command: RedisServer['command'] = async (name, ...args) => {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
    client.on('error', () => {})
    try {
      await client.connect()
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }
  return {
    url,
    port,
    kill: stop,
    async restart () {
      await stop()
      child = await listening(port, folder)
    },
    freeze: () => { child?.kill('SIGSTOP') },
    thaw: () => { child?.kill('SIGCONT') },
    async flush () { await command('FLUSHALL') },
    command,
  }
}

/** A redis-server that accepts connections, with an append-only file in a folder, or without. */
async function listening (port: number, folder: string | null): Promise<ChildProcess> {
  const kept = folder === null ? ['--appendonly', 'no', '--dir', tmpdir()] : ['--appendonly', 'yes', '--appendfsync', 'everysec', '--dir', folder]
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--databases', '1', ...kept], { stdio: ['ignore', 'pipe', 'inherit'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  await new Promise<void>((resolve, reject) => {
    let output = ''
    const fail = (what: string): void => reject(new Error(`redis-server ${what}:\n${output}`))
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      fail('does not listen')
    }, LISTENS_WITHIN_MS)
    child.once('exit', () => {
      clearTimeout(late)
      fail('ended before it listened')
    })
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (!output.includes('Ready to accept connections')) return
      clearTimeout(late)
      child.stdout.removeAllListeners('data').resume()
      resolve()
    })
  })
  return child
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

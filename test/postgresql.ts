import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { appendFile, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'

/** A PostgreSQL of the test's own, on loopback. */
export interface PostgresqlServer {
  /** `postgres://postgres@127.0.0.1:PORT/postgres`; the same after a restart. */
  url: string
  port: number
  folder: string
  /** Whether it answers. */
  isRunning: () => Promise<boolean>
  /** Immediate: as after a power cut. Resolves when the server has ended. */
  kill: () => Promise<void>
  /** Kills it if it runs, and starts it again on the same port with what it has stored. */
  restart: () => Promise<void>
  /** It keeps its connections and answers nobody, like a host that hangs, until `thaw`. */
  freeze: () => void
  thaw: () => void
  /** Starts another server that has what this one has, for as long as the test runs. */
  startStandby: () => Promise<Standby>
  /** Runs a statement by a connection of its own. */
  sql: <Row extends pg.QueryResultRow = Record<string, unknown>>(text: string, values?: unknown[]) => Promise<Row[]>
}

/** A copy of a server that follows it: a commit waits for both. */
export interface Standby {
  port: number
  promote: () => Promise<void>
}

export interface PostgresqlOptions {
  /** An empty folder for all that it stores. */
  disk?: string
  /** An empty folder for its write-ahead log. */
  walDisk?: string
  settings?: Settings
}

/** Settings in postgresql.conf. */
type Settings = Record<string, string | number>

const BINARIES = '/usr/lib/postgresql'
const LISTENS_WITHIN_MS = 20_000
const STARTS = 5
/** Quick: what a process that is killed has written outlives it without a sync. */
const SETTINGS = {
  max_connections: 300,
  shared_buffers: '16MB',
  max_wal_size: '64MB',
  unix_socket_directories: '',
  log_min_messages: 'fatal',
  autovacuum: 'off',
  fsync: 'off',
}

/** Those that run: they are not to outlive a test process that is ended early. */
const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGKILL') })

/**
 * Starts a private PostgreSQL that is gone when the test has ended. null, and a skip with the reason, on a machine
 * without it: `const server = await startPostgresql(t); if (server === null) return`. With `CI=true` its absence is a
 * failure.
 */
export async function startPostgresql (
  t: Test, { disk, walDisk, settings = {} }: PostgresqlOptions = {}
): Promise<PostgresqlServer | null> {
  const programs = programsFolder()
  if (programs === null) {
    if (process.env['CI'] === 'true') throw new Error('PostgreSQL is missing, and CI must not skip what needs it')
    t.pass('on PostgreSQL', { skip: 'no PostgreSQL on this machine (Debian: apt-get install postgresql)' })
    return null
  }
  const folder = disk ?? await mkdtemp(join(tmpdir(), 'postgresql-test-'))
  const user = serverUser()
  for (const own of [folder, ...walDisk === undefined ? [] : [walDisk]]) {
    if (user !== null) await chown(own, user.uid, user.gid)
  }
  const data = join(folder, 'data')
  const wal = walDisk === undefined ? [] : ['--waldir', join(walDisk, 'wal')]
  const small = disk === undefined && walDisk === undefined ? [] : ['--wal-segsize=1']
  const made = spawnSync(
    join(programs, 'initdb'),
    [
      ...wal,
      ...small,
      ...(settings['fsync'] === 'on' ? [] : ['--no-sync']),
      '--pgdata',
      data,
      '--username=postgres',
      '--auth=trust',
      '--no-instructions',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
    ],
    { ...user, cwd: folder, encoding: 'utf8' }
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  await writeFile(join(data, 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n')

  let child: ChildProcess | null = null
  const kill = async (): Promise<void> => {
    const stopped = child
    child = null
    if (stopped === null || stopped.exitCode !== null || stopped.signalCode !== null) return
    const exited = once(stopped, 'exit')
    stopped.kill('SIGCONT')
    stopped.kill('SIGQUIT')
    await exited
  }
  t.teardown(async () => {
    await kill()
    if (disk === undefined) await rm(folder, { recursive: true, force: true })
  })
  const start = async (on: number): Promise<ChildProcess> =>
    await listening(join(programs, 'postgres'), data, on, user, settings)

  let port = 0
  for (let tries = 1; child === null; tries++) {
    port = await freePort()
    child = await start(port).catch((error: unknown) => {
      if (tries >= STARTS) throw error
      return null
    })
  }
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const sql: PostgresqlServer['sql'] = async <Row extends pg.QueryResultRow> (text: string, values: unknown[] = []) => {
    const client = new pg.Client(url)
    await client.connect()
    try {
      return (await client.query<Row>(text, values)).rows
    } finally {
      await client.end()
    }
  }

  async function startStandby (): Promise<Standby> {
    const copy = join(folder, 'standby')
    await appendFile(join(data, 'pg_hba.conf'), 'host replication all 127.0.0.1/32 trust\n')
    await sql('select pg_reload_conf()')
    const backup = spawn(
      join(programs ?? '', 'pg_basebackup'),
      [
        '--dbname',
        url,
        '--pgdata',
        copy,
        '--write-recovery-conf',
        '--checkpoint=fast',
        '--no-sync',
        '--wal-method=stream',
      ],
      { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }
    )
    const [code] = await once(backup, 'exit') as [number | null]
    if (code !== 0) throw new Error('pg_basebackup failed')
    const on = await freePort()
    const server = await listening(join(programs ?? '', 'postgres'), copy, on, user, settings)
    t.teardown(async () => {
      const exited = once(server, 'exit')
      server.kill('SIGQUIT')
      await exited
    })
    await sql("alter system set synchronous_standby_names = '*'")
    await sql('select pg_reload_conf()')
    return {
      port: on,
      async promote () {
        const client = new pg.Client({ host: '127.0.0.1', port: on, user: 'postgres', database: 'postgres' })
        await client.connect()
        await client.query('alter system reset synchronous_standby_names')
        await client.query('select pg_promote()')
        await client.query('select pg_reload_conf()')
        await client.end()
      },
    }
  }

  return {
    url,
    port,
    folder: data,
    isRunning: async () => await answers(port),
    kill,
    async restart () {
      await kill()
      child = await start(port)
    },
    freeze: () => signalAll(child, 'SIGSTOP'),
    thaw: () => signalAll(child, 'SIGCONT'),
    startStandby,
    sql,
  }
}

/** The newest version's programs, which Debian keeps off the PATH. */
function programsFolder (): string | null {
  if (!existsSync(BINARIES)) return null
  const versions = readdirSync(BINARIES)
    .filter((version) => existsSync(join(BINARIES, version, 'bin', 'initdb')))
    .sort((a, b) => Number(a) - Number(b))
  const newest = versions.at(-1)
  return newest === undefined ? null : join(BINARIES, newest, 'bin')
}

/** PostgreSQL does not run as root: then as the user that Debian made for it. */
function serverUser (): { uid: number, gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const idOf = (option: string): number => Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/** The server and the processes of its connections. */
function signalAll (child: ChildProcess | null, signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
  for (const pid of [child.pid, ...stdout.split('\n').map(Number).filter((pid) => pid > 0)]) process.kill(pid, signal)
}

async function listening (
  program: string,
  data: string,
  port: number,
  user: { uid: number, gid: number } | null,
  more: Settings
): Promise<ChildProcess> {
  const settings = Object.entries({ ...SETTINGS, ...more, port, listen_addresses: '127.0.0.1' }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`]
  )
  const child = spawn(program, ['-D', data, ...settings], { ...user, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => { output = `${output}${chunk.toString()}`.slice(-4000) })
  const givesUpAtMs = performance.now() + LISTENS_WITHIN_MS
  while (!await answers(port)) {
    if (child.exitCode !== null || performance.now() > givesUpAtMs) {
      child.kill('SIGKILL')
      throw new Error(`PostgreSQL does not listen:\n${output}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  return child
}

async function answers (port: number): Promise<boolean> {
  const probe = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: 1000,
  })
  probe.on('error', () => {})
  return await probe.connect().then(async () => {
    await probe.end()
    return true
  }, () => false)
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

import { createHash } from 'node:crypto'
import { open, realpath, rm, stat } from 'node:fs/promises'
import { type Server, createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ServiceError } from '../../errors.ts'

export interface FolderLock {
  release: () => Promise<void>
}

/** A socket's path has 108 bytes on Linux, 104 elsewhere, the last one a zero. */
const LONGEST_SOCKET_PATH = 103
const TAKEOVER_STALE_MS = 10_000

/**
 * Hold a folder against every other process of this machine, containers that share the volume included, until
 * it is released or the process is gone. The lock is a listening socket: the kernel itself lets go of it when
 * the process dies in whatever way, so nothing stale ever has to be waited for.
 * Throws `data_dir_in_use`.
 */
export async function lockFolder (folder: string): Promise<FolderLock> {
  const real = await realpath(folder)
  try {
    return await lockSocket(socketPath(real), folder)
  } catch (error) {
    if (!hasNoSockets(error)) throw error
    return await lockSocket(temporaryPath(real), folder)
  }
}

async function lockSocket (path: string, folder: string): Promise<FolderLock> {
  for (;;) {
    const server = await listen(path)
    if (server !== null) {
      return { release: async () => await new Promise((resolve) => { server.close(() => resolve()) }) }
    }
    if (await isAlive(path)) {
      throw new ServiceError('data_dir_in_use', `another process uses DATA_DIR ${folder}: stop it, or set another DATA_DIR`)
    }
    await removeStale(path)
  }
}

/** Beside the data, unless the path would be too long for a socket. */
function socketPath (folder: string): string {
  const absolute = join(folder, 'service.lock')
  return [absolute, relative('', absolute)].find((path) => Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) ?? temporaryPath(folder)
}

/** Guards within one machine or container only. */
function temporaryPath (folder: string): string {
  return join(tmpdir(), `ingest-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}.lock`)
}

/** Some network and desktop file systems keep files but no sockets. */
function hasNoSockets (error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS'].includes(String(error.code))
}

/** The listening server, or null where the path is taken. */
async function listen (path: string): Promise<Server | null> {
  return await new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE' ? resolve(null) : reject(error))
    server.listen(path, () => resolve(server.unref()))
  })
}

async function isAlive (path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
  })
}

/** Two that start at once must not remove each other's new socket: one at a time looks again, and removes. */
async function removeStale (path: string): Promise<void> {
  const takeover = `${path}.takeover`
  const handle = await open(takeover, 'wx').catch(() => null)
  if (handle === null) {
    const { mtimeMs } = await stat(takeover).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > TAKEOVER_STALE_MS) await rm(takeover, { force: true })
    throw new ServiceError('data_dir_in_use', 'another process is just starting on DATA_DIR: start one service on one DATA_DIR')
  }
  try {
    if (!await isAlive(path)) await rm(path, { force: true })
  } finally {
    await handle.close()
    await rm(takeover, { force: true })
  }
}

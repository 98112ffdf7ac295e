import type { createReadStream } from 'node:fs'
import { type FileHandle, type link, open as openFile } from 'node:fs/promises'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Test } from 'tap'

/** `node:fs/promises` as an object whose functions can be replaced. */
const functions = createRequire(import.meta.url)('node:fs/promises') as { open: typeof openFile, link: typeof link }

const streams = createRequire(import.meta.url)('node:fs') as { createReadStream: typeof createReadStream }

/**
 * Makes it fail with that code to open, or to sync, a folder, until the test has ended; files are as ever. Without a
 * code it succeeds. Gives the paths of the folders, as they come.
 */
export async function onFolders (t: Test, what: 'open' | 'sync', code?: string): Promise<string[]> {
  const paths: string[] = []
  const names = new WeakMap<FileHandle, string>()
  const original = openFile
  const refuse = (path: string): void => {
    paths.push(path)
    if (code !== undefined) throw Object.assign(new Error(`${code}: refused`), { code })
  }
  functions.open = async (path, flags, mode) => {
    const handle = await original(path, flags, mode)
    if (!(await handle.stat()).isDirectory()) return handle
    names.set(handle, String(path))
    if (what === 'sync') return handle
    await handle.close()
    refuse(String(path))
    return handle
  }
  syncBuiltinESMExports()
  const prototype = await prototypeOf()
  const sync = prototype.sync // eslint-disable-line @typescript-eslint/unbound-method
  prototype.sync = async function (this: FileHandle) {
    const folder = names.get(this)
    if (what === 'sync' && folder !== undefined) refuse(folder)
    await sync.call(this)
  }
  t.teardown(() => {
    prototype.sync = sync
    functions.open = original
    syncBuiltinESMExports()
  })
  return paths
}

/** Counts how often a file is read, until the test has ended. */
export function countReads (t: Test): () => number {
  const original = streams.createReadStream
  let reads = 0
  streams.createReadStream = (...parameters) => {
    reads++
    return original(...parameters)
  }
  syncBuiltinESMExports()
  t.teardown(() => {
    streams.createReadStream = original
    syncBuiltinESMExports()
  })
  return () => reads
}

/** A file system that has no second name for a file, until the test has ended. */
export function withoutLinks (t: Test, code: string): void {
  const original = functions.link
  functions.link = async () => {
    throw Object.assign(new Error(`${code}: refused`), { code })
  }
  syncBuiltinESMExports()
  t.teardown(() => {
    functions.link = original
    syncBuiltinESMExports()
  })
}

async function prototypeOf (): Promise<FileHandle> {
  const handle = await openFile(import.meta.filename)
  await handle.close()
  return Object.getPrototypeOf(handle) as FileHandle
}

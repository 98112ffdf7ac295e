import { createReadStream } from 'node:fs'
import { growCopy } from '../src/services/store/documents/compressed-copy.ts'
import type { Log } from '../src/services/log.ts'

/** Write the compressed copy of a file that is there already. */
export async function compressBeside (path: string, log: Log): Promise<void> {
  const copy = growCopy(path, log)
  for await (const piece of createReadStream(path)) await copy.write(piece as Buffer)
  await copy.end()
  await copy.place()
}

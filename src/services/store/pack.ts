import { type FileHandle, open } from 'node:fs/promises'

/** Where in a pack an entry lies, in bytes. */
export interface PackedEntry {
  hash: string
  offset: number
  length: number
}

/** What is known of a pack that need not be read for it. */
export interface PackTable {
  /** Of the whole file. */
  bytes: number
  modifiedMs: number
  /** None where the table is damaged. */
  entries: PackedEntry[]
}

/** So many entries have their table in the first piece that is read. */
export const MOST_PACKED = 200
const TABLE_BYTES = 16 * 1024
const LINE_FEED = 0x0a

/** `[[hash, length], …] LF` and the entries, one after the other. The hashes are of 43 characters, as base64url has SHA-256. */
export function formatPack (entries: Array<{ hash: string, data: Buffer[] }>): { data: Buffer[], entries: PackedEntry[] } {
  const table = Buffer.from(`${JSON.stringify(entries.map(({ hash, data }) => [hash, sizeOf(data)]))}\n`)
  return { data: [table, ...entries.flatMap(({ data }) => data)], entries: placed(entries.map(({ hash, data }) => [hash, sizeOf(data)]), table.length) }
}

/** Throws where there is no such file. */
export async function readTable (path: string): Promise<PackTable> {
  return await withFile(path, async (file) => {
    const { size, mtimeMs } = await file.stat()
    const start = await readPart(file, 0, Math.min(size, TABLE_BYTES))
    return { bytes: size, modifiedMs: mtimeMs, entries: parseTable(start).filter(({ offset, length }) => offset + length <= size) }
  })
}

/** What is at that place of the file, as far as it goes. Throws where there is no such file. */
export async function readPacked (path: string, { offset, length }: PackedEntry): Promise<Buffer> {
  return await withFile(path, async (file) => await readPart(file, offset, length))
}

export function sizeOf (data: Buffer[]): number {
  return data.reduce((bytes, { length }) => bytes + length, 0)
}

/** Nothing is believed of it but where to look: each entry proves itself. */
function parseTable (start: Buffer): PackedEntry[] {
  const end = start.indexOf(LINE_FEED)
  try {
    const table: unknown = JSON.parse(start.toString('latin1', 0, Math.max(0, end)))
    return Array.isArray(table) && table.every(isRow) ? placed(table, end + 1) : []
  } catch {
    return []
  }
}

function isRow (row: unknown): row is [string, number] {
  return Array.isArray(row) && typeof row[0] === 'string' && Number.isSafeInteger(row[1]) && row[1] >= 0
}

function placed (rows: Array<[string, number]>, start: number): PackedEntry[] {
  let offset = start
  return rows.map(([hash, length]) => {
    offset += length
    return { hash, offset: offset - length, length }
  })
}

async function withFile<T> (path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r')
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

async function readPart (file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const data = Buffer.allocUnsafe(length)
  let done = 0
  for (let bytesRead = -1; done < data.length && bytesRead !== 0; done += bytesRead) ({ bytesRead } = await file.read(data, done, data.length - done, offset + done))
  return data.subarray(0, done)
}

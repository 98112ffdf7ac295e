import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

/** Where a part's body lies in the checkpoint, in bytes. */
export interface BodyRef {
  offset: number
  length: number
}

/**
 * What a run has got so far, one part a line, only ever appended: `crc32 TAB meta TAB body LF`, meta and body
 * as JSON (which has no raw tab or line feed). The bodies stay on disk; whoever reads keeps only references.
 */
export interface Checkpoint<Meta> {
  /** Append a part; resolves when it is on the disk. */
  append: (meta: Meta, body?: string) => Promise<BodyRef | null>
  /** All parts that are whole, in their order. What a crash tore or a disk garbled is skipped, and cut off at the end. */
  replay: () => AsyncGenerator<{ meta: Meta, body: BodyRef | null }>
  readBody: (ref: BodyRef) => Promise<string>
  close: () => Promise<void>
}

interface PendingPart {
  line: Buffer
  written: (offset: number) => void
  failed: (error: unknown) => void
}

const READ_BYTES = 256 * 1024

export async function openCheckpoint<Meta> (path: string): Promise<Checkpoint<Meta>> {
  const file = await open(path, 'a+')
  let end = (await file.stat()).size
  let pending: PendingPart[] = []
  let flushing: Promise<void> | null = null
  let broken: Error | null = null

  /** Group commit: all parts that came while the last write was under way go out together, with one sync. */
  async function flush (): Promise<void> {
    while (pending.length > 0) {
      const parts = pending
      pending = []
      const start = end
      try {
        await writeAll(file, Buffer.concat(parts.map((part) => part.line)))
        await file.datasync()
      } catch (error) {
        await file.truncate(start).catch((cause: unknown) => { broken = new Error('the checkpoint is damaged', { cause }) })
        for (const part of parts) part.failed(error)
        continue
      }
      for (const part of parts) {
        part.written(end)
        end += part.line.length
      }
    }
  }

  return {
    async append (meta, body) {
      if (broken !== null) throw broken
      const head = JSON.stringify(meta)
      const payload = Buffer.from(`${head}\t${body ?? ''}`)
      const sum = crc32(payload).toString(16).padStart(8, '0')
      const line = Buffer.concat([Buffer.from(`${sum}\t`), payload, Buffer.from('\n')])
      const offset = await new Promise<number>((resolve, reject) => {
        pending.push({ line, written: resolve, failed: reject })
        flushing ??= flush().finally(() => { flushing = null })
      })
      if (body === undefined) return null
      const bodyOffset = offset + SUM_LENGTH + 1 + Buffer.byteLength(head) + 1
      return { offset: bodyOffset, length: offset + line.length - 1 - bodyOffset }
    },

    async * replay () {
      let whole = 0
      for await (const { offset, line, ended } of lines(file, end)) {
        if (!ended) break
        whole = offset + line.length + 1
        const part = parseLine<Meta>(line, offset)
        if (part !== null) yield part
      }
      if (whole < end) {
        await file.truncate(whole)
        end = whole
      }
    },

    async readBody ({ offset, length }) {
      const buffer = Buffer.allocUnsafe(length)
      await readAll(file, buffer, offset)
      return buffer.toString('utf8')
    },

    async close () {
      await flushing
      await file.close()
    },
  }
}

const SUM_LENGTH = 8
const TAB = 0x09
const LINE_FEED = 0x0a

function parseLine<Meta> (line: Buffer, offset: number): { meta: Meta, body: BodyRef | null } | null {
  const payload = line.subarray(SUM_LENGTH + 1)
  if (line[SUM_LENGTH] !== TAB || parseInt(line.toString('latin1', 0, SUM_LENGTH), 16) !== crc32(payload)) return null
  const tab = payload.indexOf(TAB)
  if (tab === -1) return null
  const bodyStart = SUM_LENGTH + 1 + tab + 1
  const meta = JSON.parse(payload.toString('utf8', 0, tab)) as Meta
  return { meta, body: bodyStart < line.length ? { offset: offset + bodyStart, length: line.length - bodyStart } : null }
}

/** The lines of the file's first `size` bytes; the last one may lack its end. */
async function * lines (file: FileHandle, size: number): AsyncGenerator<{ offset: number, line: Buffer, ended: boolean }> {
  const chunk = Buffer.allocUnsafe(READ_BYTES)
  let rest: Buffer[] = []
  let restLength = 0
  let position = 0
  while (position < size) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(READ_BYTES, size - position), position)
    if (bytesRead === 0) break
    let start = 0
    for (let feed; (feed = chunk.subarray(0, bytesRead).indexOf(LINE_FEED, start)) !== -1; start = feed + 1) {
      const line = Buffer.concat([...rest, chunk.subarray(start, feed)])
      yield { offset: position + start - restLength, line, ended: true }
      rest = []
      restLength = 0
    }
    if (start < bytesRead) {
      rest.push(Buffer.from(chunk.subarray(start, bytesRead)))
      restLength += bytesRead - start
    }
    position += bytesRead
  }
  if (restLength > 0) yield { offset: position - restLength, line: Buffer.concat(rest), ended: false }
}

async function writeAll (file: FileHandle, data: Buffer): Promise<void> {
  for (let done = 0; done < data.length;) done += (await file.write(data, done)).bytesWritten
}

async function readAll (file: FileHandle, buffer: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < buffer.length;) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, offset + done)
    if (bytesRead === 0) throw new Error('the checkpoint is shorter than it was')
    done += bytesRead
  }
}

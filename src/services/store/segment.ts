import { type FileHandle, open } from 'node:fs/promises'

/** One file of lines that only grows. */
export interface Segment {
  /** Append a line, without its line feed; gives its offset when it is on the disk. */
  append: (line: Buffer) => Promise<number>
  /** The lines that are ended, in their order. */
  lines: () => AsyncGenerator<{ offset: number, line: Buffer }>
  read: (offset: number, length: number) => Promise<string>
  close: () => Promise<void>
}

interface PendingLine {
  line: Buffer
  written: (offset: number) => void
  failed: (error: unknown) => void
}

const READ_BYTES = 256 * 1024
const LINE_FEED = 0x0a
const FEED = Buffer.from('\n')
/** Ends a line of which only a part could be written, and makes sure that its checksum is wrong: it was told as failed. */
const SPOILED = Buffer.from('\t\n')

/** `r`: written by another execution, which may still be at it. `a+`: to be appended to, by nobody else. */
export async function openSegment (path: string, flags: 'r' | 'a+'): Promise<Segment> {
  const file = await open(path, flags)
  let end = (await file.stat()).size
  let isTorn = end > 0 && (await readBytes(file, end - 1, 1))[0] !== LINE_FEED
  let pending: PendingLine[] = []
  let flushing: Promise<void> | null = null
  let broken: Error | null = null

  /** Group commit: all lines that came while the last write was under way go out together, with one sync. */
  async function flush (): Promise<void> {
    while (pending.length > 0) {
      const group = pending
      pending = []
      try {
        if (broken !== null) throw broken
        const lead = isTorn ? SPOILED : Buffer.alloc(0)
        await writeAll(file, Buffer.concat([lead, ...group.flatMap(({ line }) => [line, FEED])]))
        await file.datasync()
        end += lead.length
        isTorn = false
      } catch (error) {
        isTorn = true
        end = await file.stat().then(({ size }) => size, (cause: unknown) => {
          broken = new Error('the checkpoint is damaged', { cause })
          return end
        })
        for (const { failed } of group) failed(error)
        continue
      }
      for (const { line, written } of group) {
        written(end)
        end += line.length + FEED.length
      }
    }
  }

  return {
    async append (line) {
      return await new Promise<number>((resolve, reject) => {
        pending.push({ line, written: resolve, failed: reject })
        flushing ??= flush().finally(() => { flushing = null })
      })
    },
    lines: () => endedLines(file),
    read: async (offset, length) => (await readBytes(file, offset, length)).toString('utf8'),
    async close () {
      await flushing
      await file.close()
    },
  }
}

async function * endedLines (file: FileHandle): AsyncGenerator<{ offset: number, line: Buffer }> {
  const chunk = Buffer.allocUnsafe(READ_BYTES)
  let rest: Buffer[] = []
  let restLength = 0
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, READ_BYTES, position)
    if (bytesRead === 0) return
    let start = 0
    for (let feed; (feed = chunk.subarray(0, bytesRead).indexOf(LINE_FEED, start)) !== -1; start = feed + 1) {
      yield { offset: position + start - restLength, line: Buffer.concat([...rest, chunk.subarray(start, feed)]) }
      rest = []
      restLength = 0
    }
    if (start < bytesRead) {
      rest.push(Buffer.from(chunk.subarray(start, bytesRead)))
      restLength += bytesRead - start
    }
    position += bytesRead
  }
}

async function writeAll (file: FileHandle, data: Buffer): Promise<void> {
  for (let done = 0; done < data.length;) done += (await file.write(data, done)).bytesWritten
}

async function readBytes (file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done)
    if (bytesRead === 0) throw new Error('the checkpoint is shorter than it was')
    done += bytesRead
  }
  return buffer
}

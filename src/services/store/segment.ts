import { type FileHandle, open } from 'node:fs/promises'

/** One file of lines that only grows. */
export interface Segment {
  /**
   * Append a line, without its line feed; gives its offset when it is on the disk. `write` puts it into the buffer, at once,
   * and gives its length; it needs at most so many bytes.
   */
  append: (most: number, write: (into: Buffer) => number) => Promise<number>
  /** The lines that are ended, in their order. */
  lines: () => AsyncGenerator<{ offset: number, line: Buffer }>
  /** Fill that buffer from there. */
  read: (offset: number, into: Buffer) => Promise<void>
  close: () => Promise<void>
}

interface PendingLine {
  /** With its line feed. */
  length: number
  written: (offset: number) => void
  failed: (error: unknown) => void
}

interface Block {
  buffer: Buffer
  used: number
}

/** What goes to the disk together. */
interface Group {
  blocks: Block[]
  lines: PendingLine[]
}

const READ_BYTES = 256 * 1024
const LINE_FEED = 0x0a
/** Ends a line of which only a part could be written, and makes sure that its checksum is wrong: it was told as failed. */
const SPOILED = Buffer.from('\t\n')
/** Lines wait for the disk in blocks that are used again: a buffer for each, which has waited, is collected late. */
const BLOCK_BYTES = 256 * 1024
const MOST_SPARE = 8

/** `r`: written by another execution, which may still be at it. `a+`: to be appended to, by nobody else. */
export async function openSegment (path: string, flags: 'r' | 'a+'): Promise<Segment> {
  const file = await open(path, flags)
  let end = (await file.stat()).size
  let isTorn = end > 0 && await lastByte(file, end) !== LINE_FEED
  let pending: Group = { blocks: [], lines: [] }
  const spare: Buffer[] = []
  let flushing: Promise<void> | null = null
  let broken: Error | null = null

  /** Group commit: all lines that came while the last write was under way go out together, with one sync. */
  async function flush (): Promise<void> {
    await Promise.resolve() // those that come in the same turn, as the albums of one answer do, are of the same group
    while (pending.lines.length > 0) {
      const group = pending
      pending = { blocks: [], lines: [] }
      try {
        if (broken !== null) throw broken
        const lead = isTorn ? SPOILED : Buffer.alloc(0)
        for (const data of [lead, ...group.blocks.map(({ buffer, used }) => buffer.subarray(0, used))]) await writeAll(file, data)
        await file.datasync()
        end += lead.length
        isTorn = false
      } catch (error) {
        isTorn = true
        end = await file.stat().then(({ size }) => size, (cause: unknown) => {
          broken = new Error('the checkpoint is damaged', { cause })
          return end
        })
        for (const { failed } of group.lines) failed(error)
        continue
      } finally {
        spare.push(...group.blocks.map(({ buffer }) => buffer).filter(({ length }) => length === BLOCK_BYTES).slice(0, MOST_SPARE - spare.length))
      }
      for (const { length, written } of group.lines) {
        written(end)
        end += length
      }
    }
  }

  /** The last block of what waits, or a new one where that has no room. */
  function blockFor (bytes: number): Block {
    const last = pending.blocks.at(-1)
    if (last !== undefined && last.buffer.length - last.used >= bytes) return last
    const block = { buffer: bytes > BLOCK_BYTES ? Buffer.allocUnsafe(bytes) : spare.pop() ?? Buffer.allocUnsafe(BLOCK_BYTES), used: 0 }
    pending.blocks.push(block)
    return block
  }

  return {
    async append (most, write) {
      return await new Promise<number>((resolve, reject) => {
        const block = blockFor(most + 1)
        const length = write(block.buffer.subarray(block.used))
        block.used += length
        block.buffer[block.used++] = LINE_FEED
        pending.lines.push({ length: length + 1, written: resolve, failed: reject })
        flushing ??= flush().finally(() => { flushing = null })
      })
    },
    lines: () => endedLines(file),
    read: async (offset, into) => await readAll(file, offset, into),
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

async function lastByte (file: FileHandle, end: number): Promise<number | undefined> {
  const byte = Buffer.alloc(1)
  await readAll(file, end - 1, byte)
  return byte[0]
}

async function readAll (file: FileHandle, offset: number, into: Buffer): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, offset + done)
    if (bytesRead === 0) throw new Error('the checkpoint is shorter than it was')
    done += bytesRead
  }
}

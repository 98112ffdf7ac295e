import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { syncFolder } from './atomic-write.ts'
import { type Segment, openSegment } from './segment.ts'

/** Where a part's body lies: in the segment of which execution, and there in bytes. */
export interface BodyRef {
  segment: number
  offset: number
  length: number
}

/**
 * What a run has got so far, one part a line, only ever appended: `crc32 TAB meta TAB body LF`, meta and body
 * as JSON (which has no raw tab or line feed). The bodies stay on disk; whoever reads keeps only references.
 * Each execution of the run writes a segment of its own, so that one that was thought dead disturbs nobody.
 */
export interface Checkpoint<Meta> {
  /** The last execution that stored anything; 0 where none did. */
  readonly lastExecution: number
  /** Append a part; resolves when it is on the disk. */
  append: (meta: Meta, body?: string) => Promise<BodyRef | null>
  /** All parts that are whole, execution by execution, each in its order. What a crash tore or a disk garbled is skipped. */
  replay: () => AsyncGenerator<{ meta: Meta, body: BodyRef | null }>
  readBody: (ref: BodyRef) => Promise<string>
  /** The same as UTF-8, into a buffer of the length that the reference names. */
  readBytes: (ref: BodyRef, into: Buffer) => Promise<void>
  close: () => Promise<void>
}

/** The checkpoint of a run's folder as that execution sees it: it reads what earlier ones wrote, and appends to `checkpoint.{execution}.log`. */
export async function openCheckpoint<Meta> (folder: string, execution: number): Promise<Checkpoint<Meta>> {
  const numbers = new Set(segmentsAmong(await readdir(folder)).filter((number) => number <= execution))
  const segments = new Map<number, Promise<Segment>>()
  const appending = new Set<Promise<void>>()
  let isClosed = false

  async function segmentOf (number: number): Promise<Segment> {
    if (isClosed) throw new Error('the checkpoint is closed')
    const opened = segments.get(number) ?? openSegment(pathOf(folder, number), number === execution ? 'a+' : 'r')
    segments.set(number, opened)
    return await opened.catch((error: unknown) => {
      segments.delete(number)
      throw error
    })
  }

  /** Made at the first append: an execution that gets nothing leaves nothing. */
  async function makeOwn (): Promise<Segment> {
    const segment = await segmentOf(execution)
    if (numbers.has(execution)) return segment
    await syncFolder(folder)
    numbers.add(execution)
    return segment
  }

  let own: Promise<Segment> | null = null
  let opened: Segment | null = null
  async function openOwn (): Promise<Segment> {
    own ??= makeOwn().catch((error: unknown) => {
      own = null
      throw error
    })
    opened = await own
    return opened
  }

  async function readBytes ({ segment, offset }: BodyRef, into: Buffer): Promise<void> {
    await (await segmentOf(segment)).read(offset, into)
  }

  /** No frame of a call that waits for the disk holds the body: a text that has waited is collected late. */
  function append (meta: Meta, body: string | undefined): Promise<BodyRef | null> {
    return opened === null ? openOwn().then((own) => write(own, lineOf(meta, body))) : write(opened, lineOf(meta, body))
  }

  async function write (own: Segment, line: Line): Promise<BodyRef | null> {
    const offset = await own.append(line.most, line.write)
    const { bodyStart, length, hasBody } = line
    return hasBody ? { segment: execution, offset: offset + bodyStart, length: length - bodyStart } : null
  }

  return {
    lastExecution: Math.max(0, ...numbers),

    append (meta, body) {
      const appended = append(meta, body)
      const settled = appended.then(() => {}, () => {}).finally(() => appending.delete(settled))
      appending.add(settled)
      return appended
    },

    async * replay () {
      for (const number of [...numbers].sort((a, b) => a - b)) {
        for await (const { offset, line } of (await segmentOf(number)).lines()) {
          const part = parseLine<Meta>(line)
          if (part === null) continue
          const { meta, bodyStart } = part
          yield { meta, body: bodyStart === line.length ? null : { segment: number, offset: offset + bodyStart, length: line.length - bodyStart } }
        }
      }
    },

    readBytes,

    async readBody (ref) {
      const bytes = Buffer.allocUnsafe(ref.length)
      await readBytes(ref, bytes)
      return bytes.toString()
    },

    async close () {
      await Promise.all(appending)
      isClosed = true
      const opened = await Promise.allSettled(segments.values())
      for (const result of opened) if (result.status === 'fulfilled') await result.value.close()
    },
  }
}

/** Delete what all executions have written. */
export async function removeCheckpoint (folder: string): Promise<void> {
  for (const number of segmentsAmong(await readdir(folder))) await rm(pathOf(folder, number), { force: true })
}

/** A part on its way into a segment. */
interface Line {
  most: number
  write: (into: Buffer) => number
  hasBody: boolean
  /** Known once it is written. */
  bodyStart: number
  length: number
}

function lineOf (meta: unknown, body: string | undefined): Line {
  const head = `${JSON.stringify(meta)}\t`
  let text = body ?? ''
  const line: Line = { most: SUM_LENGTH + 1 + MOST_BYTES_EACH * (head.length + text.length), write, hasBody: body !== undefined, bodyStart: 0, length: 0 }
  function write (into: Buffer): number {
    line.bodyStart = SUM_LENGTH + 1 + into.write(head, SUM_LENGTH + 1)
    line.length = line.bodyStart + into.write(text, line.bodyStart)
    into.write(`${crc32(into.subarray(SUM_LENGTH + 1, line.length)).toString(16).padStart(SUM_LENGTH, '0')}\t`, 0)
    text = ''
    return line.length
  }
  return line
}

const SUM_LENGTH = 8
/** UTF-8 has at most three bytes for each unit of a string. */
const MOST_BYTES_EACH = 3
const TAB = 0x09

function parseLine<Meta> (line: Buffer): { meta: Meta, bodyStart: number } | null {
  const payload = line.subarray(SUM_LENGTH + 1)
  if (line[SUM_LENGTH] !== TAB || parseInt(line.toString('latin1', 0, SUM_LENGTH), 16) !== crc32(payload)) return null
  const tab = payload.indexOf(TAB)
  if (tab === -1) return null
  return { meta: JSON.parse(payload.toString('utf8', 0, tab)) as Meta, bodyStart: SUM_LENGTH + 1 + tab + 1 }
}

const SEGMENT_NAME = /^checkpoint\.(\d{1,15})\.log$/

export function segmentsAmong (names: string[]): number[] {
  return names.flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? []).map(Number)
}

function pathOf (folder: string, execution: number): string {
  return join(folder, `checkpoint.${execution}.log`)
}

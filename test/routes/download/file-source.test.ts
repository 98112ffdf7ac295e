import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { readPart } from '../../../src/routes/download/file-source.ts'

const SMALL = 2 * 1024 * 1024
const MOST_WAITING = 16 * SMALL

async function fileOf (t: Test, bytes: number): Promise<{ path: string, content: Buffer }> {
  const path = join(t.testdir(), 'file')
  const content = Buffer.alloc(bytes, Buffer.from(Array.from({ length: 251 }, (_, i) => i)))
  await writeFile(path, content)
  return { path, content }
}

/** As far as a reader of files knows it: it ends, with the test at the latest. */
function createResponse (t: Test, destroyed = false): ServerResponse {
  // all that is looked at of one
  const response = Object.assign(new EventEmitter(), { destroyed }) as unknown as ServerResponse
  t.teardown(() => response.emit('close'))
  return response
}

async function bytesOf (body: Buffer | Readable): Promise<Buffer> {
  return Buffer.isBuffer(body) ? body : Buffer.concat(await body.toArray() as Buffer[])
}

const PARTS: Array<[size: number, range: { start: number, end: number } | null, isWhole: boolean]> = [
  [1, null, true],
  [1000, null, true],
  [1000, { start: 0, end: 0 }, true],
  [1000, { start: 10, end: 19 }, true],
  [1000, { start: 10, end: 999 }, true],
  [SMALL, null, true],
  [SMALL + 1, null, false],
  [SMALL + 1, { start: 1, end: SMALL }, true],
  [3 * SMALL, { start: 5, end: SMALL + 5 }, false],
]
for (const [size, range, isWhole] of PARTS) {
  t.test(`${range === null ? 'all' : `${range.start} to ${range.end}`} of ${size} bytes comes ` +
    `${isWhole ? 'at once' : 'as a stream'}, exactly`, async (t) => {
    const { path, content } = await fileOf(t, size)
    const body = await readPart(path, size, range, createResponse(t))
    t.equal(Buffer.isBuffer(body), isWhole)
    t.ok((await bytesOf(body)).equals(range === null ? content : content.subarray(range.start, range.end + 1)))
  })
}

t.test('a small file that is gone, shorter or longer than it was is an error before the first byte', async (t) => {
  const { path } = await fileOf(t, 1000)
  const damaged = { code: 'storage_failed', message: /gone or damaged/ }
  for (const size of [1001, 999]) await t.rejects(readPart(path, size, null, createResponse(t)), damaged, String(size))
  await t.rejects(readPart(path, 2000, { start: 990, end: 1005 }, createResponse(t)), damaged)
  await t.rejects(readPart(`${path}.gone`, 1000, null, createResponse(t)), damaged)
})

t.test('when the memory for readers that take their time is full, further ones get streams ' +
  'until one of them has ended', async (t) => {
  const { path, content } = await fileOf(t, SMALL)
  const responses: ServerResponse[] = []
  const read = async (): Promise<Buffer | Readable> => {
    const response = createResponse(t)
    responses.push(response)
    return await readPart(path, SMALL, null, response)
  }
  const bodies: Array<Buffer | Readable> = []
  for (let held = 0; held < MOST_WAITING; held += SMALL) bodies.push(await read())
  t.ok(bodies.every((body) => Buffer.isBuffer(body)))
  const further = await read()
  t.ok(further instanceof Readable)
  t.ok((await bytesOf(further)).equals(content))
  responses[0]?.emit('close')
  t.ok(Buffer.isBuffer(await read()))
})

t.test('whoever has gone already takes none of that memory', async (t) => {
  const { path } = await fileOf(t, SMALL)
  for (let held = 0; held <= MOST_WAITING; held += SMALL) {
    ((await readPart(path, SMALL, null, createResponse(t, true))) as Readable).destroy()
  }
  t.ok(Buffer.isBuffer(await readPart(path, SMALL, null, createResponse(t))))
})

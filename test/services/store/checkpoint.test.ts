import { appendFile, readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Checkpoint, openCheckpoint } from '../../../src/services/store/checkpoint.ts'
import { openSegment } from '../../../src/services/store/segment.ts'

interface Meta { n: number, text?: string }
interface Replayed { meta: Meta, body: string | null }

const fresh = (t: Test): string => join(t.testdir(), 'checkpoint.1.log')

/** `path`: of the first execution's segment. */
async function withCheckpoint<T> (path: string, work: (checkpoint: Checkpoint<Meta>) => Promise<T>, execution = 1): Promise<T> {
  const checkpoint = await openCheckpoint<Meta>(dirname(path), execution)
  try {
    return await work(checkpoint)
  } finally {
    await checkpoint.close()
  }
}

async function replay (checkpoint: Checkpoint<Meta>): Promise<Replayed[]> {
  const parts: Replayed[] = []
  for await (const { meta, body } of checkpoint.replay()) parts.push({ meta, body: body === null ? null : await checkpoint.readBody(body) })
  return parts
}

const reopen = async (path: string): Promise<Replayed[]> => await withCheckpoint(path, replay)

async function append (path: string, ...parts: Array<[Meta, string?]>): Promise<void> {
  await withCheckpoint(path, async (checkpoint) => {
    for (const [meta, body] of parts) await checkpoint.append(meta, body)
  })
}

t.test('a new checkpoint has no parts', async (t) => {
  t.same(await reopen(fresh(t)), [])
})

t.test('what was appended is replayed in its order, with its body, after it is opened again', async (t) => {
  const path = fresh(t)
  await append(path, [{ n: 1 }], [{ n: 2 }, '{"id":"a"}'], [{ n: 3, text: 'tab\tand\nline feed\u2028 ü🎵' }, '["ü🎵"]'])
  t.same(await reopen(path), [
    { meta: { n: 1 }, body: null },
    { meta: { n: 2 }, body: '{"id":"a"}' },
    { meta: { n: 3, text: 'tab\tand\nline feed\u2028 ü🎵' }, body: '["ü🎵"]' },
  ])
})

t.test('an open checkpoint replays what it has appended itself, as often as asked', async (t) => {
  await withCheckpoint(fresh(t), async (checkpoint) => {
    await checkpoint.append({ n: 1 }, '"a"')
    t.same(await replay(checkpoint), [{ meta: { n: 1 }, body: '"a"' }])
    await checkpoint.append({ n: 2 }, '"b"')
    t.same((await replay(checkpoint)).map(({ body }) => body), ['"a"', '"b"'])
  })
})

t.test('the reference of an append reads its body, at once and after later appends', async (t) => {
  await withCheckpoint(fresh(t), async (checkpoint) => {
    const first = await checkpoint.append({ n: 1 }, '{"name":"Ünïcödé 🎵"}')
    t.equal(await checkpoint.append({ n: 2 }), null)
    const third = await checkpoint.append({ n: 3, text: 'ü' }, '[3]')
    if (first === null || third === null) throw new Error('no reference')
    t.equal(await checkpoint.readBody(first), '{"name":"Ünïcödé 🎵"}')
    t.equal(await checkpoint.readBody(third), '[3]')
  })
})

t.test('the references of a replay are those of the appends', async (t) => {
  const path = fresh(t)
  const given = await withCheckpoint(path, async (checkpoint) => [await checkpoint.append({ n: 1 }, '"a"'), await checkpoint.append({ n: 2 }), await checkpoint.append({ n: 3 }, '"c"')])
  await withCheckpoint(path, async (checkpoint) => {
    const replayed: unknown[] = []
    for await (const { body } of checkpoint.replay()) replayed.push(body)
    t.same(replayed, given)
  })
})

t.test('a part is on the disk when its append resolves', async (t) => {
  const path = fresh(t)
  await withCheckpoint(path, async (checkpoint) => {
    await checkpoint.append({ n: 1 }, '"a"')
    t.same(await reopen(path), [{ meta: { n: 1 }, body: '"a"' }])
  })
})

t.test('parts that are appended at once are all there, in their order, each with its own body', async (t) => {
  const path = fresh(t)
  await withCheckpoint(path, async (checkpoint) => {
    const refs = await Promise.all(Array.from({ length: 200 }, (_, n) => checkpoint.append({ n }, JSON.stringify('x'.repeat(n)))))
    for (const [n, ref] of refs.entries()) t.equal(ref === null ? null : await checkpoint.readBody(ref), JSON.stringify('x'.repeat(n)))
  })
  t.same((await reopen(path)).map(({ meta }) => meta.n), Array.from({ length: 200 }, (_, n) => n))
})

t.test('appends from many callers, each after its last one, all resolve', async (t) => {
  const path = fresh(t)
  await withCheckpoint(path, async (checkpoint) => {
    await Promise.all(Array.from({ length: 8 }, async (_, caller) => {
      for (let i = 0; i < 15; i++) await checkpoint.append({ n: caller * 100 + i })
    }))
  })
  const all = (await reopen(path)).map(({ meta }) => meta.n)
  t.equal(all.length, 120)
  for (let caller = 0; caller < 8; caller++) t.same(all.filter((n) => Math.floor(n / 100) === caller), Array.from({ length: 15 }, (_, i) => caller * 100 + i))
})

t.test('closing waits for what is being appended', async (t) => {
  const path = fresh(t)
  const checkpoint = await openCheckpoint<Meta>(dirname(path), 1)
  const appended = [checkpoint.append({ n: 1 }), checkpoint.append({ n: 2 })]
  await checkpoint.close()
  await Promise.all(appended)
  t.equal((await reopen(path)).length, 2)
})

t.test('bodies of megabytes, and lines that end where a read ends, come back whole', async (t) => {
  const path = fresh(t)
  const sizes = [5 * 1024 * 1024, 256 * 1024, 256 * 1024 - 20, 256 * 1024 - 21, 1, 256 * 1024 - 22, 3]
  await append(path, ...sizes.map((size, n): [Meta, string] => [{ n }, JSON.stringify('ü'.repeat(size / 2))]))
  t.same((await reopen(path)).map(({ body }) => body?.length), sizes.map((size) => Math.floor(size / 2) + 2))
})

t.test('an empty file is a checkpoint without parts, and takes some', async (t) => {
  const path = fresh(t)
  await writeFile(path, '')
  t.same(await reopen(path), [])
  await append(path, [{ n: 1 }])
  t.equal((await reopen(path)).length, 1)
})

const RUBBISH: Array<[string, string | Buffer]> = [
  ['half a line', '0123abcd\t{"n":9'],
  ['a line without its end', '00000000\t{"n":9}\t'],
  ['one letter', 'x'],
  ['zeros, as a crash leaves them', Buffer.alloc(5000)],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x80, 0x09, 0x00])],
]
for (const [what, rubbish] of RUBBISH) {
  t.test(`${what} at the end: skipped, and what comes afterwards is whole`, async (t) => {
    const path = fresh(t)
    await append(path, [{ n: 1 }, '"a"'])
    await appendFile(path, rubbish)
    await withCheckpoint(path, async (checkpoint) => {
      t.same((await replay(checkpoint)).map(({ meta }) => meta.n), [1])
      const ref = await checkpoint.append({ n: 2 }, '"b"')
      t.equal(ref === null ? null : await checkpoint.readBody(ref), '"b"')
    })
    t.same(await reopen(path), [{ meta: { n: 1 }, body: '"a"' }, { meta: { n: 2 }, body: '"b"' }])
  })
}

const WRONG_LINES: Array<[string, string]> = [
  ['a wrong checksum', '00000000\t{"n":9}\t\n'],
  ['no checksum', '{"n":9}\n'],
  ['an empty line', '\n'],
  ['a short line', 'abc\n'],
  ['no tab', '0123456789\n'],
  ['a checksum alone', '00000000\t\n'],
]
for (const [what, line] of WRONG_LINES) {
  t.test(`a line in the middle with ${what} is skipped, and costs no other part`, async (t) => {
    const path = fresh(t)
    await append(path, [{ n: 1 }, '"a"'])
    await appendFile(path, line)
    await append(path, [{ n: 2 }, '"b"'])
    t.same(await reopen(path), [{ meta: { n: 1 }, body: '"a"' }, { meta: { n: 2 }, body: '"b"' }])
  })
}

const THREE: Array<[Meta, string?]> = [[{ n: 0 }, '{"name":"ünï"}'], [{ n: 1 }], [{ n: 2 }, '[1,2,3]']]

t.test('whichever byte of the file a disk garbles, the parts are those that are whole: never another one, and at most two are lost', async (t) => {
  const path = fresh(t)
  await append(path, ...THREE)
  const bytes = await readFile(path)
  const whole = JSON.stringify(await reopen(path))
  for (const [place, byte] of bytes.entries()) {
    for (const wrong of [byte ^ 0x01, 0x0a, 0x09, 0x00].filter((one) => one !== byte)) {
      await writeFile(path, bytes.with(place, wrong))
      const parts = await reopen(path)
      const intact = parts.every((part) => whole.includes(JSON.stringify(part)))
      if (!intact || parts.length < 1 || (byte !== 0x0a && parts.length < 2)) t.fail(`byte ${place} as ${wrong}`, { parts })
    }
  }
})

t.test('cut at any byte, the file holds the first parts, and what is appended afterwards is whole', async (t) => {
  const path = fresh(t)
  const meta = fc.record({ n: fc.nat(), text: fc.string({ unit: 'binary' }) })
  const body = fc.jsonValue().map((value) => JSON.stringify(value))
  const part: fc.Arbitrary<[Meta, string?]> = fc.oneof(fc.tuple(meta), fc.tuple(meta, body))
  await fc.assert(fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), fc.double({ min: 0, max: 1, noNaN: true }), async (parts, share) => {
    await writeFile(path, '')
    await append(path, ...parts)
    const before = await reopen(path)
    if (before.length !== parts.length) throw new Error('not all parts were stored')
    await truncate(path, Math.floor(share * (await stat(path)).size))
    const kept = await withCheckpoint(path, async (checkpoint) => {
      const replayed = await replay(checkpoint)
      await checkpoint.append({ n: -1 }, '"after"')
      return replayed
    })
    if (JSON.stringify(kept) !== JSON.stringify(before.slice(0, kept.length))) throw new Error('the parts are no prefix')
    const after = await reopen(path)
    if (JSON.stringify(after) !== JSON.stringify([...kept, { meta: { n: -1 }, body: '"after"' }])) throw new Error('what was appended is not whole')
  }), { numRuns: 60 })
})

t.test('cut at each byte of a small file, as many parts are there as have their line feed', async (t) => {
  const path = fresh(t)
  await append(path, ...THREE)
  const bytes = await readFile(path)
  for (let size = 0; size <= bytes.length; size++) {
    await writeFile(path, bytes.subarray(0, size))
    const feeds = bytes.subarray(0, size).filter((byte) => byte === 0x0a).length
    const parts = await reopen(path)
    if (parts.length !== feeds) t.fail(`${parts.length} parts of ${feeds} at ${size} bytes`)
  }
})

t.test('each execution appends to a file of its own, made when it has something to append, and replays what earlier ones wrote, in their order', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'checkpoint.1.log')
  for (const [execution, n] of [[10, 4], [2, 2], [1, 1], [3, 3]] as const) await withCheckpoint(path, async (checkpoint) => await checkpoint.append({ n }, `"${n}"`), execution)
  await withCheckpoint(path, async (checkpoint) => t.equal((await replay(checkpoint)).length, 3), 9)
  await withCheckpoint(path, async (checkpoint) => t.same(await replay(checkpoint), [1, 2, 3, 4].map((n) => ({ meta: { n }, body: `"${n}"` }))), 11)
  t.same((await readdir(folder)).sort(), ['checkpoint.1.log', 'checkpoint.10.log', 'checkpoint.2.log', 'checkpoint.3.log'])
})

t.test('the first appends of an execution, all at once, keep their order', async (t) => {
  const path = fresh(t)
  await append(path, [{ n: -1 }])
  await withCheckpoint(path, async (checkpoint) => {
    await Promise.all(Array.from({ length: 50 }, async (_, n) => await checkpoint.append({ n })))
    t.same((await replay(checkpoint)).map(({ meta }) => meta.n), Array.from({ length: 51 }, (_, n) => n - 1))
  }, 2)
})

t.test('an execution that was thought dead and goes on appending changes nothing for the newer one, whose bodies stay where they were', async (t) => {
  const path = fresh(t)
  await withCheckpoint(path, async (older) => {
    await older.append({ n: 1 }, '"a"')
    await withCheckpoint(path, async (newer) => {
      const [known] = await replay(newer)
      const own = await newer.append({ n: 2 }, '"b"')
      const late = await older.append({ n: 3 }, '"late"')
      t.equal(known?.body, '"a"')
      t.equal(own === null ? null : await newer.readBody(own), '"b"')
      t.equal(late === null ? null : await older.readBody(late), '"late"')
    }, 2)
  })
  t.same((await withCheckpoint(path, replay, 3)).map(({ meta }) => meta.n), [1, 3, 2], 'what came late is a fact as well')
})

t.test('a line that an older execution has not ended yet is not cut off: it may still be', async (t) => {
  const path = fresh(t)
  await append(path, [{ n: 1 }, '"a"'], [{ n: 2 }, '"b"'])
  const whole = await readFile(path)
  await writeFile(path, whole.subarray(0, -5))
  await withCheckpoint(path, async (newer) => {
    t.same((await replay(newer)).map(({ meta }) => meta.n), [1])
    await newer.append({ n: 3 })
  }, 2)
  await appendFile(path, whole.subarray(-5))
  t.same((await withCheckpoint(path, replay, 3)).map(({ meta }) => meta.n), [1, 2, 3])
})

t.test('however executions take turns, also at once: the parts of each are in their order, none is lost, and each reference reads its body', async (t) => {
  const turns = fc.array(fc.record({ execution: fc.integer({ min: 1, max: 4 }), parts: fc.integer({ min: 1, max: 3 }) }), { maxLength: 12 })
  let trial = 0
  await fc.assert(fc.asyncProperty(turns, async (turns) => {
    const folder = t.testdir({ [`${++trial}`]: '' })
    const checkpoints = await Promise.all([1, 2, 3, 4].map(async (execution) => await openCheckpoint<Meta>(folder, execution)))
    const appended = await Promise.all(turns.flatMap(({ execution, parts }, turn) => Array.from({ length: parts }, async (_, part) => {
      const n = turn * 10 + part
      return { execution, n, ref: await checkpoints[execution - 1]?.append({ n }, `"${n}"`) }
    })))
    for (const checkpoint of checkpoints) await checkpoint.close()
    const reader = await openCheckpoint<Meta>(folder, 5)
    const expected = [1, 2, 3, 4].flatMap((execution) => appended.filter((one) => one.execution === execution).map(({ n }) => ({ meta: { n }, body: `"${n}"` })))
    const replayed = await replay(reader)
    for (const { n, ref } of appended) if (ref == null || await reader.readBody(ref) !== `"${n}"`) throw new Error(`no body of ${n}`)
    await reader.close()
    if (JSON.stringify(replayed) !== JSON.stringify(expected)) throw new Error(JSON.stringify(replayed))
  }), { numRuns: 25 })
})

t.test('a part that the disk refuses is told to its caller', { skip: process.platform !== 'linux' && 'there is no /dev/full' }, async (t) => {
  const full = await openSegment('/dev/full', 'a+')
  await t.rejects(full.append(1, (into) => into.write('x')), { code: 'ENOSPC' })
  await full.close()
})

t.test('a part of which only the end is missing, because the disk was full, does not come up later; what follows is whole', async (t) => {
  const path = fresh(t)
  await append(path, [{ n: 1 }])
  await truncate(path, (await stat(path)).size - 1) // all but the line feed was written
  await append(path, [{ n: 2 }])
  t.same((await reopen(path)).map(({ meta }) => meta.n), [2])
})

t.test('a body that is gone from the file is an error, not a silence', async (t) => {
  const path = fresh(t)
  await withCheckpoint(path, async (checkpoint) => {
    const ref = await checkpoint.append({ n: 1 }, '"abcdefgh"')
    await truncate(path, 15)
    await t.rejects(checkpoint.readBody(ref ?? { segment: 1, offset: 0, length: 1 }), { message: /shorter/ })
  })
})

t.test('an append that cannot be written is told to its caller', async (t) => {
  const checkpoint = await openCheckpoint<Meta>(t.testdir(), 1)
  await checkpoint.close()
  await t.rejects(checkpoint.append({ n: 1 }))
})

t.test('a folder that is not there is told when the checkpoint is opened', async (t) => {
  await t.rejects(openCheckpoint(join(t.testdir(), 'gone'), 1), { code: 'ENOENT' })
})

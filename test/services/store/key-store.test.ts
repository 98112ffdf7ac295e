import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Claimed, createKeyStore } from '../../../src/services/store/key-store.ts'
import { createRecordingLog } from '../recording-log.ts'

const claimOf = (id: string, more: Partial<Claimed> = {}): Claimed => ({ id, request: '{}', claimedAtMs: 1000, ...more })
const valid = (): boolean => true
const old = (): boolean => false

async function create (t: Test, folder = t.testdir()) {
  const log = createRecordingLog()
  return { folder, log, store: await createKeyStore(folder, log), other: await createKeyStore(folder, log) }
}

for (const kind of ['keys', 'requests'] as const) {
  t.test(`${kind}: what nobody has claimed is null, and what was claimed is known to all, also after a restart`, async (t) => {
    const { store, other, folder } = await create(t)
    t.equal(await store[kind].read('a'), null)
    t.same(await store[kind].claim('a', claimOf('1'), valid), claimOf('1'))
    t.same(await other[kind].claim('a', claimOf('2'), valid), claimOf('1'))
    t.same(await (await create(t, folder)).store[kind].read('a'), claimOf('1'))
    t.equal(await store[kind].read('b'), null)
  })

  t.test(`${kind}: of many that claim one name at once, each is told the same one`, async (t) => {
    const { store, other } = await create(t)
    const given = await Promise.all(Array.from({ length: 20 }, async (_, i) => await (i % 2 === 0 ? store : other)[kind].claim('a', claimOf(String(i)), valid)))
    t.equal(new Set(given.map(({ id }) => id)).size, 1)
    t.same(await store[kind].read('a'), given[0])
  })

  t.test(`${kind}: of many that replace a claim that is not valid any more, each is told the same one`, async (t) => {
    const { store, other } = await create(t)
    await store[kind].claim('a', claimOf('old', { claimedAtMs: 1 }), valid)
    const given = await Promise.all(Array.from({ length: 20 }, async (_, i) => await (i % 2 === 0 ? store : other)[kind].claim('a', claimOf(String(i)), ({ id }) => id !== 'old')))
    t.equal(new Set(given.map(({ id }) => id)).size, 1)
    t.not(given[0]?.id, 'old')
  })

  t.test(`${kind}: a name that was released is nobody's; it is not released for another run`, async (t) => {
    const { store, other } = await create(t)
    await store[kind].claim('a', claimOf('1'), valid)
    await other[kind].release('a', '2')
    t.match(await store[kind].read('a'), { id: '1' })
    await other[kind].release('a', '1')
    await other[kind].release('never claimed', '1')
    t.match(await store[kind].read('a'), { id: null })
    t.same(await store[kind].claim('a', claimOf('2'), valid), claimOf('2'))
  })

  t.test(`${kind}: what is to be checked before a claim is made keeps it from being made, and disturbs none that there is`, async (t) => {
    const { store } = await create(t)
    const full = (): void => { throw new Error('full') }
    await t.rejects(store[kind].claim('a', claimOf('1'), valid, full), { message: 'full' })
    t.equal(await store[kind].read('a'), null)
    await store[kind].claim('a', claimOf('1'), valid)
    t.same(await store[kind].claim('a', claimOf('2'), valid, full), claimOf('1'))
    await t.rejects(store[kind].claim('a', claimOf('2'), old, full), { message: 'full' })
  })

  t.test(`${kind}: names may be long, and hold anything`, async (t) => {
    const { store, folder } = await create(t)
    for (const name of ['../x', 'a/b', '\0', 'x'.repeat(30_000), '']) t.same(await store[kind].claim(name, claimOf(name.slice(0, 9)), valid), claimOf(name.slice(0, 9)))
    t.equal((await readdir(join(folder, kind))).length, 5)
  })
}

/** Give the only claim that text. */
async function damage (folder: string, kind: string, text: string): Promise<void> {
  const [name] = await readdir(join(folder, kind))
  await writeFile(join(folder, kind, name ?? '', 'claim.1.json'), text)
}

t.test('the claim of a request that a power cut has emptied is none; that of a key is synced, and an error', async (t) => {
  const { store, folder } = await create(t)
  for (const kind of ['keys', 'requests'] as const) {
    await store[kind].claim('a', claimOf('1'), valid)
    await damage(folder, kind, '')
  }
  t.same(await store.requests.claim('a', claimOf('2'), valid), claimOf('2'))
  await t.rejects(store.keys.claim('a', claimOf('2'), valid))
})

/** Make everything look untouched since 1970, as after a long time. */
async function age (folder: string): Promise<void> {
  for (const kind of ['keys', 'requests']) for (const name of await readdir(join(folder, kind))) await utimes(join(folder, kind, name), 0, 0)
}

t.test('old claims are deleted, except those of requests whose run goes on; young ones and those that were touched stay', async (t) => {
  const { store, folder } = await create(t)
  for (const kind of ['keys', 'requests'] as const) {
    await store[kind].claim('old', claimOf('1', { claimedAtMs: 10 }), valid)
    await store[kind].claim('active', claimOf('2', { claimedAtMs: 10 }), valid)
    await store[kind].claim('young', claimOf('3', { claimedAtMs: 5000 }), valid)
  }
  await mkdir(join(folder, 'keys', 'left by a crash before its claim'))
  await mkdir(join(folder, 'keys', '.deleted-left by a crash'))
  await age(folder)
  await store.keys.claim('touched', claimOf('4', { claimedAtMs: 10 }), valid)
  await store.removeClaimsBefore(2000, new Set(['2']))
  const left = async (kind: 'keys' | 'requests'): Promise<string[]> => {
    const names = ['old', 'active', 'young', 'touched']
    const claims = await Promise.all(names.map(async (name) => await store[kind].read(name)))
    return names.filter((_, place) => claims[place] !== null)
  }
  t.same(await left('keys'), ['young', 'touched'])
  t.same(await left('requests'), ['active', 'young'])
  t.equal((await readdir(join(folder, 'keys'))).length, 2)
})

t.test('old claims that are damaged are deleted; one that cannot be read is left alone with a line in the log; all others are none the worse', async (t) => {
  const { store, folder, log } = await create(t)
  for (const kind of ['keys', 'requests'] as const) {
    await store[kind].claim('damaged', claimOf('1'), valid)
    await damage(folder, kind, '{"id":')
    for (const name of ['one', 'another', 'a third']) await store[kind].claim(name, claimOf('2'), valid)
    await mkdir(join(folder, kind, 'unreadable', 'claim.1.json'), { recursive: true }) // a folder in the place of a file: EISDIR
  }
  await age(folder)
  await store.removeClaimsBefore(2000, new Set())
  for (const kind of ['keys', 'requests']) t.same(await readdir(join(folder, kind)), ['unreadable'])
  t.match(log.lines, [/^warn this claim is old, and cannot be read or deleted/, /^warn this claim/])
  t.match(log.text(), /EISDIR/)
  t.same(await store.keys.claim('damaged', claimOf('3'), valid), claimOf('3'))
})

t.test('a claim that is made while old ones are deleted is kept, or made again: never lost in silence', async (t) => {
  for (let trial = 0; trial < 20; trial++) {
    const { store, other, folder } = await create(t, t.testdir({ [`${trial}`]: {} }))
    await store.keys.claim('a', claimOf('old', { claimedAtMs: 1 }), valid)
    await age(folder)
    const [given] = await Promise.all([
      other.keys.claim('a', claimOf('new', { claimedAtMs: 5000 }), ({ id }) => id !== 'old'),
      store.removeClaimsBefore(2000, new Set()),
    ])
    t.same(await store.keys.read('a'), given)
  }
})

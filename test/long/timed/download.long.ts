import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, readdir, readlink } from 'node:fs/promises'
import { type Socket, createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { type BigRun, storeBigRun } from '../../big-document.ts'
import { compressBeside } from '../../compress.ts'
import { type ServiceProcess, startProcess } from '../../process.ts'
import { environment, temporaryFolder } from '../../service.ts'
import { createRecordingLog } from '../../services/recording-log.ts'

const MIB = 1024 * 1024
const DOCUMENT_BYTES = 200 * MIB
/** What downloads may add to the service's memory, at the peak. */
const GROWTH_MIB = 80
/** Garbage would be counted as growth: how much V8 leaves lying depends on the memory of the machine. */
const SMALL_HEAP = '--max-old-space-size=128 --max-semi-space-size=8'
const SLOW_MS = 3000

interface Started {
  service: ServiceProcess
  big: BigRun
  /** Of the document. */
  url: string
}

/** A service process on a folder that holds one run: a document of 200 MiB and its compressed copy. */
async function start (t: Test): Promise<Started> {
  const dataDir = await temporaryFolder(t)
  const big = await storeBigRun(dataDir, DOCUMENT_BYTES)
  await compressBeside(big.path, createRecordingLog())
  const service = await startProcess(t, {
    ...environment('http://127.0.0.1:9', dataDir),
    LOG_LEVEL: 'info',
    NODE_OPTIONS: SMALL_HEAP,
  })
  const url = `${service.url}/runs/${big.run.id}`
  for (let i = 0; i < 20; i++) await (await request(`${url}/status`)).body.dump()
  return { service, big, url }
}

const HASHED: Array<[format: 'json' | 'ndjson' | 'tracks', coding: 'identity' | 'gzip']> = [
  ['json', 'identity'],
  ['json', 'gzip'],
  ['ndjson', 'identity'],
  ['tracks', 'identity'],
]

t.test('a document of 200 MiB', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const { service, big, url } = await start(t)
  const baseMib = await memoryMib(service)
  t.comment(
    `${big.albums} albums, ${big.tracks} tracks; the service has ${baseMib.toFixed(0)} MiB before the first download`
  )

  for (const [format, coding] of HASHED) {
    t.test(`downloads as ${format}, ${coding}, with flat memory, and is what it must be`, async (t) => {
      const hash = createHash('sha256')
      const peakMib = await watchMemory(service, async () => {
        const { body, headers } = await request(`${url}?format=${format}`, { headers: { 'accept-encoding': coding } })
        t.equal(headers['content-encoding'], coding === 'gzip' ? 'gzip' : undefined)
        const read = coding === 'gzip' ? body.pipe(createGunzip()) : body
        for await (const chunk of read) hash.update(chunk as Buffer)
      }, t)
      t.equal(hash.digest('hex'), big.sha256[format])
      isFlat(t, peakMib - baseMib)
    })
  }

  t.test('downloads as csv with flat memory, and has every track', async (t) => {
    let rows = 0
    const peakMib = await watchMemory(service, async () => {
      const { body } = await request(`${url}?format=csv`)
      for await (const chunk of body) rows += countLineFeeds(chunk as Buffer)
    }, t)
    t.equal(rows, big.tracks + 1)
    isFlat(t, peakMib - baseMib)
  })

  t.test('slow readers, one of each format, cost no memory and hold up nobody else', async (t) => {
    const peakMib = await watchMemory(service, async () => {
      const readers = await Promise.all(
        ['json', 'ndjson', 'tracks', 'csv'].map(async (format) => await readOneChunk(url, format))
      )
      const untilMs = performance.now() + SLOW_MS
      let slowestMs = 0
      while (performance.now() < untilMs) {
        const askedMs = performance.now()
        await (await request(`${service.url}/health/live`)).body.dump()
        slowestMs = Math.max(slowestMs, performance.now() - askedMs)
        await sleep(20)
      }
      t.comment(`the slowest answer to another client took ${slowestMs.toFixed(0)} ms`)
      t.ok(slowestMs < 2000, 'others are answered at once')
      for (const reader of readers) reader.destroy()
    }, t)
    isFlat(t, peakMib - baseMib)
    await untilNoneIsOpen(service, big)
  })

  t.test('40 clients that go away in the middle leave no file open', async (t) => {
    const before = (await openFiles(service)).length
    for (const format of ['json', 'ndjson', 'tracks', 'csv']) {
      const clients = await Promise.all(Array.from({ length: 10 }, async () => await readOneChunk(url, format)))
      while (await openDocuments(service, big) < 10) await sleep(20)
      for (const client of clients) client.resetAndDestroy()
      await untilNoneIsOpen(service, big)
    }
    while ((await openFiles(service)).length > before) await sleep(20)
    t.pass('as many as before')
  })
})

function isFlat (t: Test, growthMib: number): void {
  t.ok(
    growthMib < GROWTH_MIB,
    `${growthMib.toFixed(0)} MiB more than before the first download, of at most ${GROWTH_MIB}`
  )
}

/** The most memory that the service had while `work` was done, in MiB. */
async function watchMemory (service: ServiceProcess, work: () => Promise<void>, t: Test): Promise<number> {
  let peakMib = 0
  const look = async (): Promise<void> => { peakMib = Math.max(peakMib, await memoryMib(service)) }
  const timer = setInterval(() => { void look() }, 10)
  const startedMs = performance.now()
  try {
    await work()
    await look()
  } finally {
    clearInterval(timer)
  }
  t.comment(`${((performance.now() - startedMs) / 1000).toFixed(1)} s, at most ${peakMib.toFixed(0)} MiB`)
  return peakMib
}

async function memoryMib ({ child }: ServiceProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

async function openFiles ({ child }: ServiceProcess): Promise<string[]> {
  const folder = `/proc/${child.pid}/fd`
  return await Promise.all((await readdir(folder)).map(async (fd) => await readlink(`${folder}/${fd}`).catch(() => '')))
}

async function openDocuments (service: ServiceProcess, { run }: BigRun): Promise<number> {
  const { name } = run.file ?? { name: 'no document' }
  return (await openFiles(service)).filter((path) => path.includes(name)).length
}

async function untilNoneIsOpen (service: ServiceProcess, big: BigRun): Promise<void> {
  while (await openDocuments(service, big) > 0) await sleep(20)
}

/** A client that asks for the document, takes what comes first, and then nothing more. */
async function readOneChunk (url: string, format: string): Promise<Socket> {
  const { port, pathname } = new URL(url)
  const client = createConnection({ host: '127.0.0.1', port: Number(port) })
  client.write(`GET ${pathname}?format=${format} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  await once(client, 'readable')
  client.read()
  return client
}

function countLineFeeds (chunk: Buffer): number {
  let count = 0
  for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) count++
  return count
}

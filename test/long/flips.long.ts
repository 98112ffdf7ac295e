import { createHash } from 'node:crypto'
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { type Random, between, createRandom } from '../../src/sandbox/catalogue/random.ts'
import type { Run } from '../../src/schemas/run.ts'
import { type StateLocation, query } from '../ledger-events.ts'
import { startPostgresql } from '../postgresql.ts'
import { type Service, ended, startService, temporaryFolder } from '../service.ts'
import { matchesTruth } from '../truth.ts'

/**
 * Bits of the database's file that are flipped, one for each start; in quick succession, so that CI has time for it.
 */
const FILE_FLIPS = Number(process.env['FILE_FLIPS'] ?? 40)
const RUN_PATHS = ['', '/status', '/quality', '/timeline', '/ready'] as const
/** What else of a run is stored, and what tells its rows apart. */
const TABLES: Record<string, { run: string, key: string[] }> = {
  runs: { run: 'id', key: ['id'] },
  claims: { run: 'run_id', key: ['name'] },
  quality_reports: { run: 'run_id', key: ['run_id'] },
  timelines: { run: 'run_id', key: ['run_id'] },
  releases: { run: 'run_id', key: ['seq'] },
  ledger_events: { run: 'run_id', key: ['run_id', 'execution', 'seq'] },
  document_pieces: { run: 'run_id', key: ['run_id', 'sha256', 'seq'] },
}

type Row = Record<string, string | number | Buffer | null>

/** A state that was made once, and of which every test has a copy. */
interface Original {
  service: Service
  ended: Run[]
  /** A run that goes on when a service starts. */
  pending: string
  /** What is answered about each ended run: status and body by path. */
  answers: Map<string, string>
  copy: () => Promise<Copy>
}

interface Copy {
  location: StateLocation
  dataDir: string
  env: Record<string, string>
}

t.test(
  'SQLite: a bit of each column of a run is flipped',
  async (t) => await flipColumns(t, await makeOriginal(t, null))
)

t.test('PostgreSQL: a bit of each column of a run is flipped, and the disk of the service is new', async (t) => {
  const postgresql = await startPostgresql(t)
  if (postgresql === null) return
  await flipColumns(t, await makeOriginal(t, postgresql))
})

t.test(`a bit of the database's file is flipped, ${FILE_FLIPS} times`, async (t) => {
  const original = await makeOriginal(t, null)
  const random = createRandom(FILE_FLIPS)
  const outcomes: Record<string, number> = {}
  for (let flip = 0; flip < FILE_FLIPS; flip++) {
    const copy = await original.copy()
    const place = await flipFile(join(copy.dataDir, 'service.db'), random)
    const outcome = await startOn(t, original, copy).then(async (service) => {
      await isNeverWrong(t, original, service, `bit ${place}`)
      const { statusCode } = await service.get('/health/live')
      t.equal(statusCode, 200)
      const left = await goesOn(t, original, service)
      await service.app.close()
      return left
    }, (error: unknown) => {
      t.match(error, { code: /database_unfit|storage_failed/ }, `bit ${place}: ${String(error)}`)
      return 'refused to start'
    })
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  t.comment(JSON.stringify(outcomes))
  t.ok((outcomes['went on'] ?? 0) > FILE_FLIPS / 2, 'most leave the other runs alone')
})

t.test('a bit of each file of a document is flipped, alone and with the others', async (t) => {
  const original = await makeOriginal(t, null)
  const random = createRandom(7)
  for (const suffixes of [[''], ['.gz'], ['', '.gz']]) {
    const copy = await original.copy()
    const names = (await readdir(join(copy.dataDir, 'documents'), { recursive: true })).filter((name) =>
      /json(\.gz)?$/.test(name)
    )
    t.equal(names.length, 2 * original.ended.length)
    for (const name of names) {
      if (suffixes.some((suffix) => name.endsWith(`.json${suffix}`))) {
        await flipFile(join(copy.dataDir, 'documents', name), random)
      }
    }
    const service = await startOn(t, original, copy)
    for (const run of original.ended) {
      for (const encoding of ['identity', 'gzip']) {
        const { statusCode } = await request(`${service.url}/runs/${run.id}`, {
          headers: { 'accept-encoding': encoding },
          method: 'HEAD',
        })
        t.equal(statusCode, suffixes.length === 2 ? 503 : 200, `${suffixes.join(' and ')}: ${encoding}`)
      }
    }
    await isNeverWrong(t, original, service, suffixes.join(' and '))
    t.equal(await goesOn(t, original, service), 'went on')
    await service.app.close()
  }
})

async function makeOriginal (t: Test, postgresql: Awaited<ReturnType<typeof startPostgresql>>): Promise<Original> {
  const dataDir = await temporaryFolder(t)
  const base = postgresql === null ? {} : { DATABASE_URL: await newDatabase('original') }
  const first = await startService(t, { dataDir, env: base })
  const runs: Run[] = []
  for (const limit of [4, 6]) {
    const { body } = await request(`${first.url}/ingest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `${limit}` },
      body: JSON.stringify({ limit }),
    })
    const { id } = await body.json() as Run
    runs.push(await ended(first.app, id))
  }
  const answers = new Map<string, string>()
  for (const { id } of runs) {
    for (const path of RUN_PATHS) answers.set(`/runs/${id}${path}`, await answerOf(first, `/runs/${id}${path}`))
  }
  answers.set('/releases', await answerOf(first, '/releases'))
  first.sandbox.sandbox.change({ latencyMs: 20 })
  const { id: pending } = await first.app.runs.start({ limit: 60 })
  await new Promise<void>((resolve) =>
    first.app.runs.watch(pending, ({ progress }) => {
      if (progress.albumsFetched >= 20) resolve()
    })
  )
  await first.app.close()
  first.sandbox.sandbox.change({ latencyMs: 0 })

  let copies = 0
  return { service: first, ended: runs, pending, answers, copy }

  async function copy (): Promise<Copy> {
    const folder = await temporaryFolder(t)
    if (postgresql === null) {
      await rm(folder, { recursive: true })
      await cp(dataDir, folder, { recursive: true })
      return { dataDir: folder, location: { dataDir: folder }, env: {} }
    }
    const databaseUrl = await newDatabase(`copy_${++copies}`, 'original')
    return { dataDir: folder, location: { databaseUrl }, env: { DATABASE_URL: databaseUrl } }
  }

  async function newDatabase (name: string, template = 'template1'): Promise<string> {
    await postgresql?.sql(`create database ${name} template ${template}`)
    return (postgresql?.url ?? '').replace(/postgres$/, name)
  }
}

async function startOn (t: Test, { service }: Original, { dataDir, env }: Copy): Promise<Service> {
  return await startService(t, { on: service, dataDir, env })
}

async function flipColumns (t: Test, original: Original): Promise<void> {
  const random = createRandom(11)
  const [victim] = original.ended
  if (victim === undefined) throw new Error('there is no run')
  for (const id of [victim.id, original.pending]) {
    for (const [table, { run, key }] of Object.entries(TABLES)) {
      const rows = await query<Row>(
        (await original.copy()).location,
        `select * from ${table} where ${run} = $1 limit 30`,
        [id]
      )
      const row = rows[between(random, 0, rows.length - 1)]
      for (const [column, value] of Object.entries(row ?? {})) {
        if (value === null) continue
        const title: string = `${table}.${column} of ${id === victim.id ? 'an ended' : 'a pending'} run`
        const copy = await original.copy()
        const where = key.map((name, index) => `${name} = $${index + 2}`).join(' and ')
        const values = [flipped(value, random), ...key.map((name) => row?.[name] as string)]
        const isStored = await query(copy.location, `update ${table} set ${column} = $1 where ${where}`, values)
          .then(() => true, isTaken)
        if (!isStored) continue
        const service = await startOn(t, original, copy)
        await isNeverWrong(t, original, service, title)
        t.equal(await goesOn(t, original, service, id === victim.id), 'went on', title)
        await service.app.close()
      }
    }
  }
}

/** Whether the flip gives a key that another row has, which no disk can: the index would still find both. */
function isTaken (error: unknown): false {
  if (/unique/i.test(String(error))) return false
  throw error
}

/** What is answered with 200 is what was answered before the damage; everything else says what is wrong. */
async function isNeverWrong (t: Test, { answers, pending }: Original, service: Service, title: string): Promise<void> {
  for (const [path, before] of answers) {
    const answer = await answerOf(service, path)
    const isRight =
      path === '/releases'
        ? releasesAreRight(answer, before, pending)
        : hasSameContent(answer, before) || hasNoHistory(path, answer)
    if (!isRight && !/^(?:404|410|409|503) /.test(answer)) t.fail(`${title}: ${path} is ${difference(answer, before)}`)
  }
  const list = await answerOf(service, '/runs')
  for (const run of list.startsWith('200 ') ? (JSON.parse(list.slice(4)) as { runs: Run[] }).runs : []) {
    const before = answers.get(`/runs/${run.id}/status`)
    if (before !== undefined && `200 ${JSON.stringify(run)}` !== before) {
      t.fail(`${title}: the list has ${JSON.stringify(run)}`)
    }
  }
}

/** A report that is made again may have its fields in another order. */
function hasSameContent (is: string, was: string): boolean {
  if (is === was || !is.startsWith('200 {') || !was.startsWith('200 {')) return is === was
  return isDeepStrictEqual(JSON.parse(is.slice(4)), JSON.parse(was.slice(4)))
}

/** A timeline that is damaged is none. */
function hasNoHistory (path: string, answer: string): boolean {
  return path.endsWith('/timeline') && answer.endsWith('"points":[]}')
}

/**
 * Releases that are shown are as they were, but for those of the pending run, which may have ended; some may be
 * missing,
 * and of some the content.
 */
function releasesAreRight (answer: string, before: string, pending: string): boolean {
  if (!answer.startsWith('200 ')) return false
  interface Feed { releases: Array<Record<string, unknown>> }
  const [now, then] = [answer, before].map((text) => JSON.parse(text.slice(4)) as Feed) as [Feed, Feed]
  return now.releases.every((release) => release['runId'] === pending || then.releases.some((known) =>
    Object.entries(release).every(
      ([name, value]) => value === null || JSON.stringify(value) === JSON.stringify(known[name])
    )
  ))
}

/** Whether the pending run ends complete, and a new one does. */
async function goesOn (t: Test, original: Original, service: Service, withPending = true): Promise<string> {
  const { sandbox } = original.service
  try {
    const fresh = await service.ingest({ limit: 3 })
    if (fresh.status !== 'succeeded') return `a new run ${fresh.status}`
    if (!withPending) return 'went on'
    const pending = await ended(service.app, original.pending)
    if (pending.status !== 'succeeded') return `the pending run ${pending.status}`
    const document = await service.document(original.pending)
    matchesTruth(t, document, sandbox, original.service.sandboxUrl)
    const { newReleases, searchOrder } = sandbox.sandbox.catalogue
    const order = (pending.source?.used === 'new-releases' ? newReleases : searchOrder).slice(0, 60)
    return JSON.stringify(document.albums.map(({ id }) => id)) === JSON.stringify(order)
      ? 'went on'
      : 'went on in another order'
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message.slice(0, 60) : ''}`
  }
}

/** The surroundings of the first difference of two texts. */
function difference (is: string, was: string): string {
  const place = Math.max(0, [...is].findIndex((character, index) => character !== was[index]) - 60)
  return `…${is.slice(place, place + 160)}…, was …${was.slice(place, place + 160)}…`
}

async function answerOf (service: Service, path: string): Promise<string> {
  const { statusCode, body } = await service.get(path)
  const text = await body.text()
  return `${statusCode} ${/^\/runs\/[^/]+$/.test(path) ? createHash('sha256').update(text).digest('hex') : text}`
}

function flipped (value: string | number | Buffer, random: Random): string | number | Buffer {
  if (typeof value === 'number') return Number(BigInt(value) ^ (1n << BigInt(between(random, 0, 20))))
  if (typeof value !== 'string') {
    const bytes = Buffer.from(value)
    const place = between(random, 0, bytes.length - 1)
    bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << between(random, 0, 7)), place)
    return bytes
  }
  const place = between(random, 0, value.length - 1)
  return value.slice(0, place) + String.fromCharCode(value.charCodeAt(place) ^ 1) + value.slice(place + 1)
}

/** Returns which bit it was. */
async function flipFile (path: string, random: Random): Promise<string> {
  const bytes = await readFile(path)
  const [place, bit] = [between(random, 0, bytes.length - 1), between(random, 0, 7)]
  bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place)
  await writeFile(path, bytes)
  return `${place}.${bit} of ${bytes.length}`
}

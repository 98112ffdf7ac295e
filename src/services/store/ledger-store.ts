import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { ServiceError } from '../../errors.ts'
import { crcOf } from '../database/checksum.ts'
import type { Database } from '../database/database.ts'
import { isAway } from '../database/failure.ts'
import type { LedgerEventRow } from '../database/tables.ts'

/** Where an event's body lies, and how many characters it has. */
export interface BodyRef {
  execution: number
  seq: number
  length: number
}

/**
 * What a run has got so far: events, only ever appended, and with some of them a body. Bodies stay in the database; who
 * reads keeps references. Each execution of the run numbers its own events, so that one that was thought dead disturbs
 * nobody.
 */
export interface LedgerStore<Event> {
  /** The last execution that stored anything; 0 where none did. */
  readonly lastExecution: number
  /** Append an event; resolves when a kill of the process cannot lose it. */
  append: (event: Event, body?: string) => Promise<BodyRef | null>
  /** All events, execution by execution, each in its order. A damaged one is left out. */
  replay: () => AsyncGenerator<{ event: Event, body: BodyRef | null }>
  /** Throws where it is damaged. */
  readBody: (ref: BodyRef) => Promise<string>
  /** Resolves when nothing is being appended any more. */
  close: () => Promise<void>
}

/** Written together, at most: a transaction blocks everything else of this process. */
const GROUP_EVENTS = 50
const GROUP_CHARACTERS = 1024 * 1024
const REPLAY_EVENTS = 50
const DELETE_EVENTS = 200
/** Bodies that stay in memory too: the document of a run of 100 albums is written without reading them again. */
const RECENT_CHARACTERS = 2 * 1024 * 1024
/** An event is tried again for as long while the database is away. */
const RETRIES = 6
const RETRY_MS = 500

interface Waiting {
  row: LedgerEventRow
  written: () => void
  failed: (error: unknown) => void
}

/** The events of a run as that execution sees them: it reads what earlier ones wrote, and appends its own. */
export async function openLedgerStore<Event> (
  { kind, queries, transaction }: Pick<Database, 'kind' | 'queries' | 'transaction'>, runId: string, execution: number
): Promise<LedgerStore<Event>> {
  const last = await queries.selectFrom('ledger_events').select(['execution', 'seq']).where('run_id', '=', runId).where(
    'execution', '<=', execution
  )
    .orderBy('execution', 'desc').orderBy('seq', 'desc').limit(1).executeTakeFirst()
  const firstSeq = last?.execution === execution ? last.seq + 1 : 1
  let nextSeq = firstSeq
  let waiting: Waiting[] = []
  let flushing: Promise<void> | null = null
  const recent = new Map<number, string>()
  let recentCharacters = 0

  /** Keeps the body in memory, and drops the oldest ones above RECENT_CHARACTERS. */
  function keep (seq: number, body: string): void {
    recent.set(seq, body)
    recentCharacters += body.length
    for (const [oldest, { length }] of recent) {
      if (recentCharacters <= RECENT_CHARACTERS) return
      recent.delete(oldest)
      recentCharacters -= length
    }
  }

  /** Group commit: all that came while the last group was written goes together. */
  async function flush (): Promise<void> {
    await Promise.resolve() // those that come in the same turn, as the albums of one answer do, are of the same group
    while (waiting.length > 0) {
      const group = waiting.slice(0, groupSize(waiting))
      waiting = waiting.slice(group.length)
      try {
        await insert(group.map(({ row }) => row))
      } catch (error) {
        for (const { failed } of group) failed(error)
        continue
      }
      for (const { written } of group) written()
    }
    flushing = null // in the turn that found nothing waiting: an event that comes later has to begin the next flush
  }

  /**
   * A power cut ends SQLite and this process together; PostgreSQL may fall alone, and must not forget what this process
   * counts on.
   */
  async function insert (rows: LedgerEventRow[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await transaction({ lock: null, isDurable: kind === 'postgresql' }, async (within) =>
          await within.insertInto('ledger_events').values(rows).onConflict((row) => row.doNothing()).execute())
        return
      } catch (error) {
        if (!isAway(error) || attempt > RETRIES) throw error
        await delay(RETRY_MS)
      }
    }
  }

  return {
    lastExecution: last?.execution ?? 0,

    async append (event, body) {
      const text = JSON.stringify(event)
      const row: LedgerEventRow = {
        run_id: runId,
        execution,
        seq: nextSeq++,
        event: text,
        body: body ?? null,
        checksum: crcOf(text, body ?? null),
      }
      await new Promise<void>((resolve, reject) => {
        waiting.push({ row, written: resolve, failed: reject })
        flushing ??= flush()
      })
      if (body === undefined) return null
      keep(row.seq, body)
      return { execution, seq: row.seq, length: body.length }
    },

    async * replay () {
      let after = { execution: 0, seq: 0 }
      for (;;) {
        const rows = await queries.selectFrom('ledger_events').select(['execution', 'seq', 'event', 'checksum', 'body'])
          .where('run_id', '=', runId).where('execution', '<=', execution)
          .where((row) => row.or([
            row('execution', '>', after.execution),
            row.and([row('execution', '=', after.execution), row('seq', '>', after.seq)]),
          ]))
          .orderBy('execution').orderBy('seq').limit(REPLAY_EVENTS).execute()
        for (const row of rows) {
          if (row.execution === execution && row.seq >= firstSeq) return
          if (crcOf(row.event, row.body) !== row.checksum) continue
          yield {
            event: JSON.parse(row.event) as Event,
            body: row.body === null ? null : { execution: row.execution, seq: row.seq, length: row.body.length },
          }
        }
        const end = rows.at(-1)
        if (end === undefined) return
        after = end
        await nextTurn()
      }
    },

    async readBody ({ execution: writer, seq }) {
      const known = writer === execution ? recent.get(seq) : undefined
      if (known !== undefined) return known
      const row = await queries.selectFrom('ledger_events').select(['event', 'body', 'checksum']).where(
        'run_id', '=', runId
      ).where('execution', '=', writer).where('seq', '=', seq).executeTakeFirst()
      if (row?.body == null || crcOf(row.event, row.body) !== row.checksum) {
        throw new ServiceError('storage_failed', `what was stored of the run is damaged (event ${writer}.${seq}): ` +
          'check the disk; resume the run to fetch it again')
      }
      return row.body
    },

    async close () {
      await flushing
    },
  }
}

/** Deletes the events of a run in portions. */
export async function removeLedger ({ queries }: Pick<Database, 'queries'>, runId: string): Promise<void> {
  for (;;) {
    const rows = await queries.selectFrom('ledger_events').select(['execution', 'seq']).where(
      'run_id', '=', runId
    ).orderBy('execution').orderBy('seq').limit(DELETE_EVENTS).execute()
    const end = rows.at(-1)
    if (end === undefined) return
    await queries.deleteFrom('ledger_events').where('run_id', '=', runId)
      .where((row) => row.or([
        row('execution', '<', end.execution), row.and([row('execution', '=', end.execution), row('seq', '<=', end.seq)])
      ])).execute()
    await nextTurn()
  }
}

/**
 * Deletes the ledgers that `isNeeded` refuses: what a crash after the end of a run, or a superseded execution, left.
 */
export async function sweepLedgers (
  { queries }: Pick<Database, 'queries'>,
  isNeeded: (runId: string) => Promise<boolean>
): Promise<void> {
  for (let after = ''; ;) {
    const row = await queries.selectFrom('ledger_events').select('run_id').where('run_id', '>', after)
      .orderBy('run_id').limit(1).executeTakeFirst()
    if (row === undefined) return
    after = row.run_id
    if (!await isNeeded(after)) await removeLedger({ queries }, after)
  }
}

function groupSize (waiting: Waiting[]): number {
  let characters = 0
  for (const [index, { row }] of waiting.entries()) {
    characters += row.body?.length ?? 0
    if (index === GROUP_EVENTS || (index > 0 && characters > GROUP_CHARACTERS)) return index
  }
  return waiting.length
}

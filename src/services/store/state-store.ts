import { createHash } from 'node:crypto'
import { sealJson, unsealJson } from '../database/checksum.ts'
import type { Database } from '../database/database.ts'
import { putState } from '../database/states.ts'
import type { Log } from '../log.ts'

/** A small state that outlives the process, and that all processes of a database share. */
export interface StateStore<State> {
  /** null: there is none, or it is damaged. */
  load: () => Promise<State | null>
  save: (state: State) => Promise<void>
}

/** Whether a power cut must not lose it: capabilities are found out again. */
const IS_DURABLE = { 'token-pause': true, capabilities: false }

/**
 * Keeps until when the token endpoint wants to hear nothing (`token-pause`), or what an app may do (`capabilities`).
 * @param owner tells apps apart; only its hash is stored
 */
export function createStateStore<State> (
  database: Database, kind: keyof typeof IS_DURABLE, owner: string, log: Log
): StateStore<State> {
  const scope = createHash('sha256').update(owner).digest('hex').slice(0, 32)
  return {
    async load () {
      const row = await database.queries.selectFrom('states').select('value').where('kind', '=', kind).where(
        'scope', '=', scope
      ).executeTakeFirst()
      if (row === undefined) return null
      const state = unsealJson<State>(row.value)
      if (state === null) log.error({ kind }, 'stored state is damaged; continuing without it')
      return state
    },
    async save (state) {
      await database.transaction({ lock: null, isDurable: IS_DURABLE[kind] }, async (within) => {
        await putState({ kind, scope, value: sealJson(state) }, within)
      })
    },
  }
}

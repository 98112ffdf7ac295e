import { createHash } from 'node:crypto'
import { seal, unseal } from '../database/checksum.ts'
import { type Database } from '../database/database.ts'
import { type Log } from '../log.ts'

/** A small state that outlives the process, and that all processes of a database share. */
export interface StateStore<State> {
  /** null: there is none, or it is damaged. */
  load: () => Promise<State | null>
  save: (state: State) => Promise<void>
}

/**
 * Keeps until when the token endpoint wants to hear nothing (`token-pause`), or what an app may do (`capabilities`).
 * @param owner tells apps apart; only its hash is stored
 */
export function createStateStore<State> (
  database: Database, kind: 'token-pause' | 'capabilities', owner: string, log: Log
): StateStore<State> {
  const scope = createHash('sha256').update(owner).digest('hex').slice(0, 32)
  return {
    async load () {
      const row = await database.queries.selectFrom('states').select('value').where('kind', '=', kind).where(
        'scope', '=', scope
      ).executeTakeFirst()
      if (row === undefined) return null
      const text = unseal(row.value)
      if (text !== null) return JSON.parse(text) as State
      log.error({ kind }, 'stored state is damaged; continuing without it')
      return null
    },
    async save (state) {
      const value = seal(JSON.stringify(state))
      await database.transaction({ lock: null, isDurable: true }, async (within) => {
        await within.insertInto('states').values({ kind, scope, value }).onConflict(
          (row) => row.columns(['kind', 'scope']).doUpdateSet({ value })
        ).execute()
      })
    },
  }
}

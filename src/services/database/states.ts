import type { Queries } from './database.ts'
import type { StateRow } from './tables.ts'

/** Stores a state in place of the one of its kind and scope. */
export async function putState (state: StateRow, within: Queries): Promise<void> {
  await within.insertInto('states').values(state)
    .onConflict((row) => row.columns(['kind', 'scope']).doUpdateSet({ value: state.value })).execute()
}

/** Writes a row: a database that is full or read-only refuses it. */
export async function probeWriting (value: string, within: Queries): Promise<void> {
  await putState({ kind: 'probe', scope: '', value }, within)
}

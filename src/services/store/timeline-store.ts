import type { TimelineSteps } from '../../schemas/timeline.ts'
import { sealJson, unsealJson } from '../database/checksum.ts'
import type { Database, Queries } from '../database/database.ts'

/** The timelines of all runs; the run store deletes them with their runs. */
export interface TimelineStore {
  /** null: there is none, or it is damaged. */
  read: (runId: string) => Promise<TimelineSteps | null>
  /** Stores the timeline as that execution knows it, unless a later one has stored its own. */
  save: (runId: string, execution: number, steps: TimelineSteps, within: Queries) => Promise<void>
}

export function createTimelineStore ({ queries }: Pick<Database, 'queries'>): TimelineStore {
  return {
    async read (runId) {
      const row = await queries.selectFrom('timelines').select('steps').where('run_id', '=', runId).executeTakeFirst()
      return row === undefined ? null : unsealJson(row.steps)
    },

    async save (runId, execution, { stepMs, points }, within) {
      const columns = { execution, steps: sealJson({ stepMs, points }) }
      await within.insertInto('timelines').values({ run_id: runId, ...columns })
        .onConflict((row) => row.column('run_id').doUpdateSet(columns).where('timelines.execution', '<=', execution))
        .execute()
    },
  }
}

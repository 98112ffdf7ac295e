/** Adds 1 to a number in a SQLite database: `node count-up.ts PATH TIMES`. Tests start several on one file. */
import { openSqlite } from '../../../src/services/database/sqlite.ts'

const [path = '', times = '0'] = process.argv.slice(2)
const database = await openSqlite(path, { now: Date.now })
await database.queries.insertInto('states').values({ kind: 'count', scope: '', value: '0' }).onConflict((row) =>
  row.doNothing()
).execute()
for (let time = 0; time < Number(times); time++) {
  await database.transaction({ lock: null, isDurable: time % 2 === 0 }, async (within) => {
    const { value } = await within.selectFrom('states').select('value').where('kind', '=', 'count')
      .executeTakeFirstOrThrow()
    await within.updateTable('states').set({ value: String(Number(value) + 1) }).where('kind', '=', 'count').execute()
  })
  await database.probe()
}
await database.close()

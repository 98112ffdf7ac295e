import { systemClock } from '../../../../src/services/clock.ts'
import { openSqlite } from '../../../../src/services/database/sqlite.ts'
import { never } from '../../../never.ts'
import { startPacer } from './pacer-process.ts'

/**
 * A process that makes as many calls as the others on its database leave it: `node pacer-child.ts DATABASE CALLS
 * WINDOW_MS LONGEST_CALL_MS`.
 */
const [path = '', calls, windowMs, longestCallMs] = process.argv.slice(2)
const { pacer } = startPacer({
  database: await openSqlite(path, systemClock),
  clock: systemClock,
  calls: Number(calls),
  windowMs: Number(windowMs),
  longestCallMs: Number(longestCallMs),
})
console.log('ready')

/** On the clock that all processes of the machine have. */
function nowMs (): number {
  return Number(process.hrtime.bigint()) / 1e6
}

async function callForEver (caller: number): Promise<never> {
  for (let number = 1; ; number++) {
    const permit = await pacer.take(never)
    console.log(`given ${caller}.${number} ${nowMs()}`)
    await systemClock.sleep(Math.random() * 50)
    console.log(`done ${caller}.${number} ${nowMs()}`)
    permit.done(true)
  }
}

await Promise.all([1, 2, 3].map(callForEver))

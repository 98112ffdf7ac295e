import { systemClock } from '../../../src/services/clock.ts'
import { createPgBossQueue } from '../../../src/services/queue/pg-boss-queue.ts'
import { createRecordingLog } from '../recording-log.ts'

/** A process that works on what it is given and never ends it: `node queue-child.ts URL SCHEMA`. */
const [databaseUrl = '', schema = ''] = process.argv.slice(2)
const queue = createPgBossQueue({ databaseUrl, schema, concurrency: 1, clock: systemClock, log: createRecordingLog() })
queue.work(async (id) => {
  console.log(`delivered ${id}`)
  return await new Promise(() => {})
}, () => {})
await queue.start()
console.log('started')

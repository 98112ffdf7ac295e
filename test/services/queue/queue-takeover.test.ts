import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startPostgresql } from '../../postgresql.ts'
import { createOnPgBoss, newSchema, onPgBoss } from './queue-bench.ts'

/** It waits for pg-boss most of the time, so that another test of the suite may run beside it. */
t.jobs = 2

/** The heartbeat of a job lasts ten seconds; then it is found within three. */
const TAKEN_OVER_WITHIN_MS = 20_000

void t.test('a run whose process was killed with SIGKILL is delivered to another ' +
  'one on the same PostgreSQL', { buffered: true }, async (t) => {
  const server = await startPostgresql(t)
  if (server === null) return
  const { url } = server
  const schema = await newSchema(server)
  const child = spawn(process.execPath, [fileURLToPath(new URL('queue-child.ts', import.meta.url)), url, schema], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  async function kill (): Promise<void> {
    if (child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(kill)
  await once(child.stdout, 'data')
  const api = createOnPgBoss(t, url, schema, 1, false)
  await api.queue.start()
  await api.queue.enqueue('a')
  await once(child.stdout, 'data')
  const other = await onPgBoss(t, url, schema)
  await kill()
  const killedAtMs = performance.now()
  t.equal((await other.delivery(1)).id, 'a')
  const afterMs = performance.now() - killedAtMs
  t.ok(afterMs < TAKEN_OVER_WITHIN_MS, `${Math.round(afterMs)} ms`)
  t.comment(`taken over in ${Math.round(afterMs)} ms`)
})

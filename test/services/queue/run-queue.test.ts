import t, { type Test } from 'tap'
import { systemClock } from '../../../src/services/clock.ts'
import { type PostgresqlServer, startPostgresql } from '../../postgresql.ts'
import { CLOSED, DONE, createOnPgBoss, newSchema, onPgBoss, until } from './queue-bench.ts'
import { behavesAsRunQueue } from './queue-spec.ts'

/** Tests side by side on one PostgreSQL, each with a schema of its own. */
void t.test('the queue on PostgreSQL', { buffered: true }, async (t) => {
  const server = await startPostgresql(t)
  if (server === null) return
  t.jobs = 8
  behavesAsRunQueue(t, async (t, concurrency) => await onPgBoss(t, server.url, await newSchema(server), concurrency))
  isShared(t, server)
})

function isShared (t: Test, server: PostgresqlServer): void {
  const { url } = server
  void t.test('a queue that closes hands what it works on to ' +
    'another within two seconds', { buffered: true }, async (t) => {
    const schema = await newSchema(server)
    const [one, other] = [await onPgBoss(t, url, schema), await onPgBoss(t, url, schema)]
    await one.queue.enqueue('a')
    await until(() => one.delivered.length + other.delivered.length === 1)
    const [from, to] = one.delivered.length === 1 ? [one, other] : [other, one]
    const closedAtMs = performance.now()
    const closed = from.queue.close(CLOSED)
    t.equal((await to.delivery(1)).id, 'a')
    const handedOverMs = performance.now() - closedAtMs
    await closed
    t.ok(handedOverMs < 2000, `${Math.round(handedOverMs)} ms`)
    t.comment(
      `handed over in ${Math.round(handedOverMs)} ms, closed in ${Math.round(performance.now() - closedAtMs)} ms`
    )
    t.match(from.log.text(), /run handed over/)
  })

  void t.test('what several processes enqueue is delivered once, to one of them', { buffered: true }, async (t) => {
    const schema = await newSchema(server)
    const processes = [await onPgBoss(t, url, schema), await onPgBoss(t, url, schema)]
    await Promise.all(
      processes.flatMap(({ queue }) => [1, 2, 3].map(async () => await queue.enqueue('later', Date.now() + 500)))
    )
    const delivered = (): string[] => processes.flatMap(({ delivered }) => delivered.map(({ id }) => id))
    await until(() => delivered().length > 0)
    for (const { delivered } of processes) for (const { end } of delivered) end(DONE)
    await systemClock.sleep(1200) // more than a poll
    t.same(delivered(), ['later'])
  })

  void t.test('a run that was postponed by one process may be delivered by another', { buffered: true }, async (t) => {
    const schema = await newSchema(server)
    const one = await onPgBoss(t, url, schema)
    await one.queue.enqueue('a')
    const untilMs = Date.now() + 300
    ;(await one.delivery(1)).end({ kind: 'postponed', untilMs })
    await systemClock.sleep(50)
    await one.queue.close(CLOSED)
    const other = await onPgBoss(t, url, schema)
    t.equal((await other.delivery(1)).id, 'a')
    t.ok(Date.now() >= untilMs)
  })

  void t.test('two services with different schemas do not see each other', { buffered: true }, async (t) => {
    const [one, other] = [
      await onPgBoss(t, url, await newSchema(server)),
      await onPgBoss(t, url, await newSchema(server)),
    ]
    for (const { queue } of [one, other]) await queue.enqueue('a')
    await other.queue.remove('a')
    const { end } = await one.delivery(1)
    end(DONE)
    if (other.delivered.length > 0) other.delivered[0]?.end(DONE)
    await one.queue.enqueue('b')
    await one.delivery(2)
    t.notMatch(other.delivered.map(({ id }) => id), ['b'])
    t.ok(other.delivered.length <= 1)
  })

  void t.test('a process that only accepts runs delivers none to itself', { buffered: true }, async (t) => {
    const schema = await newSchema(server)
    const [api, worker] = [createOnPgBoss(t, url, schema, 1, false), await onPgBoss(t, url, schema)]
    await api.queue.start()
    await api.queue.enqueue('a')
    t.equal((await worker.delivery(1)).id, 'a')
    t.same(api.delivered, [])
  })
}

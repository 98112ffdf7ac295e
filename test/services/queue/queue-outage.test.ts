import t from 'tap'
import { startPostgresql } from '../../postgresql.ts'
import { type Bench, CLOSED, DONE, createOnPgBoss, newSchema, onPgBoss, until } from './queue-bench.ts'

void t.test('queues on a PostgreSQL', { buffered: true }, async (t) => {
  const server = await startPostgresql(t)
  if (server === null) return
  const { url } = server
  const lasting = await onPgBoss(t, url, await newSchema(server), 2)
  const early = createOnPgBoss(t, url, await newSchema(server))

  await t.test('that is killed: to enqueue or to take back fails quietly and soon, and a queue closes', async (t) => {
    const closing = await onPgBoss(t, url, await newSchema(server))
    for (const { queue, delivery } of [lasting, closing]) {
      await queue.enqueue('a')
      await delivery(1)
    }
    await server.kill()
    const askedAtMs = performance.now()
    await lasting.queue.enqueue('b')
    await lasting.queue.remove('b')
    t.ok(performance.now() - askedAtMs < 3000)
    t.ok(await closingMs(closing) < 4000)
  })

  await t.test('that is away at the start: who starts is told, may start again, and may close meanwhile', async (t) => {
    await t.rejects(early.queue.start())
    const never = createOnPgBoss(t, url, 'never')
    const starting = t.rejects(never.queue.start())
    t.ok(await closingMs(never) < 4000)
    await starting
  })

  await t.test('that is back: they go on, and an outage is no error', async (t) => {
    await server.restart()
    await early.queue.start()
    await early.queue.enqueue('c')
    t.equal((await early.delivery(1)).id, 'c')
    lasting.delivered[0]?.end(DONE)
    await lasting.queue.enqueue('b')
    await until(() => lasting.delivered.some(({ id }) => id === 'b'))
    t.notMatch(lasting.log.lines.join('\n'), /^error/m)
  })

  await t.test('that hangs: a queue closes all the same', async (t) => {
    server.freeze()
    const closedInMs = await closingMs(early)
    server.thaw()
    t.ok(closedInMs < 4000, `${closedInMs} ms`)
  })
})

async function closingMs ({ queue }: Bench): Promise<number> {
  const startedAtMs = performance.now()
  await queue.close(CLOSED)
  return Math.round(performance.now() - startedAtMs)
}

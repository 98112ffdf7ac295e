import { type Socket, type AddressInfo, connect, createServer } from 'node:net'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { post, untilEnded } from '../process.ts'
import { startPostgresql } from '../postgresql.ts'
import { LATENCY, at, endsComplete, hashOfDocument, startFleet, startRun, until } from './timed/fleet.ts'

/** Two replicas may have so many calls in flight. */
const MOST_IN_FLIGHT = 2 * 10

/** What a database's address leads to, and what leads it to another server. */
async function startAddress (t: Test, port: number): Promise<{ port: number, lead: (to: number) => void }> {
  let target = port
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.pipe(upstream)
    upstream.pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    lead (to) {
      target = to
      for (const socket of sockets) socket.destroy()
    },
  }
}

t.test('PostgreSQL fails over to its standby at the same address in mid-run: ' +
  'nothing that was accepted is lost', async (t) => {
  const primary = await startPostgresql(t)
  if (primary === null) return
  const standby = await primary.startStandby()
  const address = await startAddress(t, primary.port)
  const fleet = await startFleet(t, {
    replicas: 2,
    sandbox: LATENCY,
    postgresql: { ...primary, url: primary.url.replace(`:${primary.port}/`, `:${address.port}/`) },
  })
  if (fleet === null) return
  const [one, two] = [at(fleet.replicas, 0), at(fleet.replicas, 1)]
  const done = await post(one.url, { limit: 10 })
  const { file } = await untilEnded(two.url, done.id)
  const { id } = await startRun(fleet)
  const accepted = await Promise.all([20, 21].map(async (limit) => await post(two.url, { limit })))

  await primary.kill()
  address.lead(standby.port) // which reads only
  await until(async () => (await request(`${one.url}/health/ready`)).statusCode === 503)
  const refused = await request(`${one.url}/ingest`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"limit":7}',
  })
  t.equal(refused.statusCode, 503, 'a standby accepts nothing')
  t.match(await refused.body.json(), { code: 'storage_failed' })
  const { calls } = fleet.sandbox.sandbox.stats()
  await standby.promote()
  await until(async () => (await request(`${one.url}/health/ready`)).statusCode === 200, 60_000)
  for (const run of [{ id }, ...accepted]) await endsComplete(t, fleet, run.id)
  t.ok(fleet.sandbox.sandbox.stats().calls > calls, 'calls went on')
  t.equal(await hashOfDocument(one, done.id), file?.sha256, 'what had ended is there')
  const again = Object.values(fleet.sandbox.sandbox.stats().served).reduce((sum, times) => sum + times) - 100 - 20 - 21
  t.ok(again <= MOST_IN_FLIGHT, `${again} albums were fetched again, of at most ${MOST_IN_FLIGHT} in flight`)
  t.match(await post(one.url, { limit: 5 }), { status: 'queued' })
})

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type Socket, createConnection } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { type BigRun, storeBigRun } from '../big-document.ts'
import { type Service, startService } from '../service.ts'

const BIG_BYTES = 6 * 1024 * 1024
const KEYS = ['a', 'b', 'c'].map((name) => name.repeat(20))

async function start (t: Test): Promise<{ service: Service, big: BigRun }> {
  const service = await startService(t, { env: { API_KEYS: KEYS.join(), REQUESTS_PER_MINUTE: '0' } })
  return { service, big: await storeBigRun(service.dataDir, BIG_BYTES) }
}

async function hashOf (service: Service, { run }: BigRun, key: string | undefined, format = 'tracks'): Promise<string> {
  const { statusCode, body } = await request(`${service.url}/runs/${run.id}?format=${format}`, {
    headers: { 'x-api-key': key ?? '' },
  })
  t.equal(statusCode, 200)
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** A client that takes nothing after the first bytes. */
async function stall (t: Test, service: Service, { run }: BigRun, key: string | undefined): Promise<Socket> {
  const client = createConnection({ host: '127.0.0.1', port: Number(new URL(service.url).port) })
  t.teardown(() => client.destroy())
  client.write(`GET /runs/${run.id}?format=csv HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: ${key}\r\n\r\n`)
  await once(client, 'readable')
  client.read(1)
  return client
}

t.test('many conversions of one client and of others are all whole, and the ' +
  'probes are answered meanwhile', async (t) => {
  const { service, big } = await start(t)
  let isOver = false
  const slowest = probe(service, () => isOver)
  const hashes = await Promise.all(Array.from({ length: 12 }, async (_, i) => await hashOf(service, big, KEYS[i % 3])))
  isOver = true
  t.strictSame(new Set(hashes), new Set([big.sha256.tracks]))
  const ms = await slowest
  t.comment(`the slowest probe took ${ms.toFixed(0)} ms`)
  t.ok(ms < 1000, 'on a machine that does other things, too')
})

async function probe (service: Service, isOver: () => boolean): Promise<number> {
  let slowestMs = 0
  while (!isOver()) {
    const askedMs = performance.now()
    await (await service.get('/health/live')).body.dump()
    slowestMs = Math.max(slowestMs, performance.now() - askedMs)
    await delay(5)
  }
  return slowestMs
}

t.test('a reader that stalls holds up neither its own client nor another one', async (t) => {
  const { service, big } = await start(t)
  await stall(t, service, big, KEYS[0])
  t.equal(await hashOf(service, big, KEYS[1]), big.sha256.tracks)
  t.equal(await hashOf(service, big, KEYS[0]), big.sha256.tracks)
})

t.test('of one client, the first conversion is through before the second one begins', async (t) => {
  const { service, big } = await start(t)
  const order: string[] = []
  const read = async (name: string): Promise<void> => {
    const { body } = await request(`${service.url}/runs/${big.run.id}?format=csv`, {
      headers: { 'x-api-key': KEYS[0] ?? '' },
    })
    order.push(`${name} begins`)
    await body.dump({ limit: Infinity })
    order.push(`${name} ends`)
  }
  await Promise.all(['first', 'second', 'third'].map(read))
  t.equal(order.length, 6)
  t.equal(order[0]?.endsWith('begins'), true)
  for (const [place, event] of order.entries()) {
    if (place % 2 === 1) t.equal(event.split(' ')[0], order[place - 1]?.split(' ')[0], order.join())
  }
})

t.test('a line that is full is 429 with Retry-After, and HEAD, json and what is known ' +
  'already do not stand in it', async (t) => {
  const { service, big } = await start(t)
  const url = `${service.url}/runs/${big.run.id}`
  const headers = { 'x-api-key': KEYS[0] ?? '' }
  const etag = String((await request(`${url}?format=csv`, { method: 'HEAD', headers })).headers['etag'])
  const signal = new AbortController()
  t.teardown(() => signal.abort())
  const held = await service.app.conversions.begin(service.app.clientKey({ headers } as never) ?? '', signal.signal)
  const waiting = Array.from(
    { length: 100 },
    async () =>
      await service.app.conversions
        .begin(service.app.clientKey({ headers } as never) ?? '', signal.signal)
        .catch(() => null)
  )
  const refused = await request(`${url}?format=csv`, { headers })
  t.equal(refused.statusCode, 429)
  t.match(await refused.body.json(), { code: 'too_many_requests' })
  t.ok(Number(refused.headers['retry-after']) > 0)
  t.equal((await request(`${url}?format=csv`, { method: 'HEAD', headers })).statusCode, 200)
  t.equal((await request(`${url}?format=csv`, { headers: { ...headers, 'if-none-match': etag } })).statusCode, 304)
  const json = await request(url, { headers })
  t.equal(json.statusCode, 200)
  await json.body.dump({ limit: Infinity })
  signal.abort()
  await Promise.all(waiting)
  held.end()
  t.equal(await hashOf(service, big, KEYS[0]), big.sha256.tracks, 'and those that left have left no place')
})

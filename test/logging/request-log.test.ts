import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { loggedUrl } from '../../src/logging/request-log.ts'

const querystring = { properties: { wait: {}, format: {} } }
const TABLE: Array<[url: string, logged: string]> = [
  ['/runs', '/runs'],
  ['/runs?', '/runs?[redacted]'],
  ['/runs?wait=5&format=csv', '/runs?wait=5&format=csv'],
  ['/runs?api_key=SECRET', '/runs?api_key=[redacted]'],
  ['/runs?wait=5&token=SECRET&x=SECRET=SECRET', '/runs?wait=5&token=[redacted]&x=[redacted]'],
  ['/runs?SECRET', '/runs?[redacted]'],
  ['/runs?SEC%52ET=1', '/runs?[redacted]'],
  ['/runs?a=1?api_key=SECRET', '/runs?a=[redacted]'],
  ['/runs?constructor=SECRET&__proto__=SECRET', '/runs?constructor=[redacted]&__proto__=[redacted]'],
  ['/runs?a=1#SECRET', '/runs?a=[redacted]'],
  ['http://user:SECRET@host/runs?key=SECRET', '/runs?key=[redacted]'],
  ['http://user:SECRET@host', '/'],
]

t.test('a request is logged without what could be a secret', async (t) => {
  for (const [url, logged] of TABLE) {
    t.equal(loggedUrl({ url, routeOptions: { schema: { querystring } } } as unknown as FastifyRequest), logged, url)
    t.notMatch(loggedUrl({ url, routeOptions: {} } as unknown as FastifyRequest), /SECRET/)
  }
})

import t from 'tap'
import { type OriginPolicy, type RequestOrigin, judgeOrigin } from '../../src/plugins/origin-policy.ts'

const LOCAL: OriginPolicy = { isLocal: true, publicUrl: new URL('https://music.example/albums') }
const OPEN: OriginPolicy = { isLocal: false, publicUrl: null }

function judge (change: Partial<RequestOrigin>, policy: OriginPolicy) {
  const { host = '127.0.0.1:3000' } = change
  return judgeOrigin(
    {
      method: 'POST',
      url: '/ingest',
      forwardedHost: host,
      origin: undefined,
      fetchSite: undefined,
      ...change,
      host: 'host' in change ? change.host : host,
    },
    policy
  )
}

const OWN_HOSTS = [
  '127.0.0.1:3000', '127.0.0.1', '127.9.8.7:80', 'localhost:3000', 'LOCALHOST', 'localhost.', 'localhost.:3000',
  '[::1]:3000', '[::1]', '[0:0:0:0:0:0:0:1]:3000',
  '[::ffff:127.0.0.1]:3000', '2130706433', 'music.example', 'music.example:443', 'MUSIC.example.:8443', undefined,
]
const FOREIGN_HOSTS = [
  'evil.example', 'evil.example:3000', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example.',
  '192.168.1.5:3000', '0.0.0.0:3000', '[::]:3000', '[fe80::1]',
  'user@127.0.0.1', '127.0.0.1@evil.example', 'localhost:3000@evil.example', '127.0.0.1:3000/',
  'localhost, evil.example', 'localhost#evil', 'xn--lcalhost-54a', 'notlocalhost', 'x.music.example', '', ':3000',
  '[::1', '::1',
]

t.test('on loopback a request for another host is misdirected, with any method', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE']) {
    for (const host of OWN_HOSTS) t.equal(judge({ method, host }, LOCAL), 'allowed', `${method} ${host}`)
    for (const host of FOREIGN_HOSTS) {
      t.equal(judge({ method, host }, LOCAL), 'misdirected_request', `${method} ${host}`)
    }
  }
})

t.test('the authority of a target in absolute form counts too', async (t) => {
  t.equal(judge({ method: 'GET', url: 'http://localhost:3000/runs' }, LOCAL), 'allowed')
  for (const url of ['http://evil.example/runs', 'HTTP://evil.example', 'https://localhost@evil.example/runs']) {
    t.equal(judge({ method: 'GET', url }, LOCAL), 'misdirected_request', url)
  }
})

t.test('a host that may be reached from outside has names that are not known here', async (t) => {
  for (const host of FOREIGN_HOSTS) t.equal(judge({ method: 'GET', host }, OPEN), 'allowed', host)
})

const OWN_ORIGINS: Array<Partial<RequestOrigin>> = [
  {}, { fetchSite: 'same-origin' }, { fetchSite: 'none' },
  { origin: 'http://127.0.0.1:3000', fetchSite: 'same-origin' },
  { host: 'localhost:3000', origin: 'http://localhost:3000' }, { host: '[::1]:3000', origin: 'http://[::1]:3000' },
  { origin: 'https://music.example' },
  { host: 'localhost', origin: 'http://localhost' }, { host: 'localhost:80', origin: 'http://localhost' },
  { host: 'localhost', origin: 'https://localhost' },
  { forwardedHost: 'behind.example', origin: 'https://behind.example' },
]
const FOREIGN_ORIGINS: Array<Partial<RequestOrigin>> = [
  { origin: 'https://evil.example' }, { origin: 'null' }, { origin: '' }, { origin: 'http://localhost:3000' },
  { origin: 'http://127.0.0.1:8080' }, { origin: 'http://127.0.0.1' },
  { origin: 'https://music.example:8443' }, { origin: 'http://music.example' }, { origin: 'file://' },
  { origin: 'http://127.0.0.1:3000@evil.example' },
  { origin: 'http://127.0.0.1:3000, https://evil.example' }, { origin: 'http://127.0.0.1:3000/' },
  { fetchSite: 'cross-site' }, { fetchSite: ' Cross-Site' },
  { origin: 'http://127.0.0.1:3000', fetchSite: 'cross-site' }, { origin: 'chrome-extension://abc' },
]

t.test('what changes something is for own pages and for what is no browser', async (t) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']) {
    for (const request of OWN_ORIGINS) t.equal(judge({ method, ...request }, LOCAL), 'allowed', JSON.stringify(request))
    for (const request of FOREIGN_ORIGINS) {
      t.equal(judge({ method, ...request }, LOCAL), 'forbidden_origin', JSON.stringify(request))
    }
    t.equal(judge({ method, host: 'evil.example', origin: 'https://other.example' }, OPEN), 'forbidden_origin')
  }
})

t.test('reading is allowed from anywhere: the browser itself keeps the answer from the page', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    for (const request of FOREIGN_ORIGINS) t.equal(judge({ method, ...request }, LOCAL), 'allowed')
  }
})

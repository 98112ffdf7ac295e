import t from 'tap'
import { cookieIn, formTokenOf, isFormToken, keyOfSession, sessionToken } from '../../src/plugins/session-token.ts'
import { type Service, startService } from '../service.ts'

const KEY = 'a-key-of-the-service-1'
const OTHER_KEY = 'a-key-of-the-service-2'
const KEYS = { API_KEYS: `${OTHER_KEY},${KEY}` }
const HTML = { accept: 'text/html' }
const FORM = { ...HTML, 'content-type': 'application/x-www-form-urlencoded' }

async function login ({ app }: Service, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return await app.inject({
    method: 'POST',
    url: '/ui/login',
    headers: { ...FORM, ...headers },
    payload: new URLSearchParams(fields).toString(),
  })
}

/** The cookie of somebody who has logged in. */
async function cookieOf (service: Service): Promise<string> {
  return String((await login(service, { key: KEY })).headers['set-cookie']).split(';')[0] ?? ''
}

t.test('a session ends, belongs to its key, and cannot be made without it', async (t) => {
  const token = sessionToken(KEY, 2000)
  t.equal(keyOfSession(token, [OTHER_KEY, KEY], 1999), KEY)
  t.equal(keyOfSession(token, [OTHER_KEY, KEY], 2000), null, 'it has ended')
  t.equal(keyOfSession(token, [OTHER_KEY], 1999), null, 'the key is gone')
  t.equal(keyOfSession(token.replace(/^[^.]*/, 'zzzzz'), [KEY], 1999), null, 'its end cannot be moved')
  for (const wrong of ['', '.', 'x', `${token}x`, token.slice(0, -1), `-1.${token.split('.')[1]}`]) {
    t.equal(keyOfSession(wrong, [KEY], 0), null, wrong)
  }
  t.notMatch(token, new RegExp(KEY))
  t.ok(isFormToken(formTokenOf(token), token))
  for (const wrong of [null, '', 'x', formTokenOf('another')]) t.notOk(isFormToken(wrong, token))
  t.equal(cookieIn('a=b; session=1=2;c', 'session'), '1=2')
  t.equal(cookieIn('xsession=1', 'session'), null)
  t.equal(cookieIn(undefined, 'session'), null)
})

t.test('with API_KEYS no page shows anything without a key: it asks for one, and goes on ' +
  'where the reader wanted to', async (t) => {
  const service = await startService(t, { env: KEYS })
  const { app } = service
  for (const url of ['/', '/ui/releases', '/ui/runs/x', '/ui/runs/x/plots.json', '/docs']) {
    const answer = await app.inject({ url, headers: HTML })
    t.equal(answer.statusCode, 303, url)
    t.match(answer.headers.location, /^\/ui\/login\?next=/)
    t.equal((await app.inject({ url })).statusCode, 401, `${url} for programs`)
  }
  const form = await app.inject({ url: '/ui/login?next=%2Fui%2Freleases', headers: HTML })
  t.match(form.body, /name="next" value="\/ui\/releases"/)
  t.match(form.body, /type="password"/)
  t.notMatch(form.body, /data-run|Log out/)
  const wrong = await login(service, { key: 'wrong', next: '/' })
  t.equal(wrong.statusCode, 401)
  t.match(wrong.body, /not one of the keys/)
  t.equal(wrong.headers['set-cookie'], undefined)
  const right = await login(service, { key: KEY, next: '/ui/releases' })
  t.same([right.statusCode, right.headers.location], [303, '/ui/releases'])
  t.match(
    right.headers['set-cookie'],
    /^album_ingest_session=[\w.-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/
  )
  t.notMatch(String(right.headers['set-cookie']), KEY)
  t.notMatch(service.log(), new RegExp(KEY), 'no key stands in the log')
})

t.test('what comes after the login is a path of this service', async (t) => {
  const service = await startService(t, { env: KEYS })
  for (const next of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/%0d%0aset-cookie:x',
    'javascript:alert(1)',
    '',
    '/a\r\nb',
  ]) {
    const location = String((await login(service, { key: KEY, next })).headers.location)
    t.ok(location === '/' || location === '/%0d%0aset-cookie:x', `${next}: ${location}`)
  }
})

t.test('the cookie opens pages, /docs, the event stream and downloads; nothing else', async (t) => {
  const service = await startService(t, { env: KEYS, sandbox: { albums: 5 } })
  const { app } = service
  const cookie = await cookieOf(service)
  const { id } = (await app.inject({ method: 'POST', url: '/ingest', headers: { 'x-api-key': KEY } })).json<{
    id: string
  }>()
  await app.inject({ url: `/runs/${id}?wait=30`, headers: { 'x-api-key': KEY } })
  for (const url of ['/', '/docs', `/ui/runs/${id}`, `/runs/${id}?format=csv`, `/runs/${id}/events`, '/runs']) {
    t.equal((await app.inject({ url, headers: { ...HTML, accept: '*/*', cookie } })).statusCode, 200, url)
  }
  for (const [method, url] of [
    ['POST', '/ingest'],
    ['POST', `/runs/${id}/cancel`],
    ['POST', `/runs/${id}/resume`],
    ['DELETE', `/runs/${id}`],
  ] as const) {
    t.equal((await app.inject({ method, url, headers: { cookie } })).statusCode, 401, `${method} ${url}`)
  }
  t.equal((await app.inject({ url: '/runs', headers: { cookie: `${cookie}x` } })).statusCode, 401)
})

t.test('forms want the token of the session, and come from this origin; with a key in ' +
  'a header they want neither', async (t) => {
  const service = await startService(t, { env: KEYS, sandbox: { albums: 5 } })
  const { app } = service
  const cookie = await cookieOf(service)
  const host = 'albums.example'
  const { body } = await app.inject({ url: '/', headers: { ...HTML, cookie } })
  const token = /name="token" value="([\w-]+)"/.exec(body)?.[1] ?? ''
  t.ok(
    [...body.matchAll(/<form[^>]*method="post"[^>]*>/g)].length === [...body.matchAll(/name="token"/g)].length,
    'every form has it'
  )
  const start = async (fields: Record<string, string>, headers: Record<string, string>) => await app.inject({
    method: 'POST',
    url: '/ui/actions/start',
    headers: { ...FORM, host, ...headers },
    payload: new URLSearchParams({ limit: '1', ...fields }).toString(),
  })
  for (const [fields, headers, status] of [
    [{}, { cookie }, 403],
    [{ token: 'x' }, { cookie }, 403],
    [{ token }, { cookie, origin: 'https://evil.example' }, 403],
    [{ token }, { cookie, 'sec-fetch-site': 'cross-site' }, 403],
    [{ token }, { cookie, origin: 'null' }, 403],
    [{ token }, {}, 401],
    [{ token }, { cookie, origin: `https://${host}` }, 303],
    [{}, { 'x-api-key': KEY }, 303],
  ] as Array<[Record<string, string>, Record<string, string>, number]>) {
    t.equal((await start(fields, headers)).statusCode, status, JSON.stringify([fields, Object.keys(headers)]))
  }
  t.equal(
    (await login(service, { key: KEY }, { origin: 'https://evil.example', host })).statusCode,
    403,
    'no page of another site logs anyone in'
  )
  t.equal(
    (await app.inject({ method: 'POST', url: '/ui/actions/logout', headers: { ...FORM, cookie }, payload: '' }))
      .statusCode,
    403
  )
  const out = await app.inject({
    method: 'POST',
    url: '/ui/actions/logout',
    headers: { ...FORM, cookie },
    payload: `token=${token}`,
  })
  t.equal(out.headers.location, '/ui/login')
  t.match(out.headers['set-cookie'], /^album_ingest_session=; Path=\/; Max-Age=0;/)
})

t.test('where the service is reached by TLS under a path, so is the cookie', async (t) => {
  const service = await startService(t, { env: { ...KEYS, PUBLIC_URL: 'https://music.example/ingest' } })
  t.match((await login(service, { key: KEY })).headers['set-cookie'], /Path=\/ingest\/; .*; Secure$/)
})

t.test('without API_KEYS there is nothing to log in to, and pages of other sites do nothing', async (t) => {
  const service = await startService(t)
  t.equal((await service.app.inject({ url: '/ui/login', headers: HTML })).headers.location, '/')
  const answer = await service.app.inject({
    method: 'POST',
    url: '/ui/actions/start',
    headers: { ...FORM, origin: 'https://evil.example' },
    payload: 'limit=1',
  })
  t.equal(answer.statusCode, 403)
  t.match(answer.body, /This came from another site/)
})

import t from 'tap'
import { BASIC, FORM, handClock, startClient } from './client.ts'

interface TokenBody { access_token: string, token_type: string, expires_in: number }

const GRANT = 'grant_type=client_credentials'
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const UNAUTHORIZED = { error: { status: 401, message: 'Missing/invalid/expired access token' } }

const REFUSED: Array<[string, Record<string, string>, string, object]> = [
  [
    'a wrong secret',
    { authorization: basic('sandbox-id:wrong') },
    GRANT,
    { error: 'invalid_client', error_description: 'Invalid client' },
  ],
  [
    'a wrong id',
    { authorization: basic('wrong:sandbox-secret') },
    GRANT,
    { error: 'invalid_client', error_description: 'Invalid client' },
  ],
  [
    'a wrong secret in the form',
    {},
    `${GRANT}&client_id=sandbox-id&client_secret=wrong`,
    { error: 'invalid_client', error_description: 'Invalid client' },
  ],
  ['no credentials', {}, GRANT, { error: 'invalid_client' }],
  ['an id alone', {}, `${GRANT}&client_id=sandbox-id`, { error: 'invalid_client' }],
  [
    'another grant',
    { authorization: BASIC },
    'grant_type=password',
    { error: 'unsupported_grant_type', error_description: 'grant_type must be client_credentials' },
  ],
  [
    'no grant',
    { authorization: BASIC },
    '',
    { error: 'unsupported_grant_type', error_description: 'grant_type must be client_credentials' },
  ],
]

t.test('client credentials', async (t) => {
  const client = await startClient(t)

  t.test('as Basic authorization or in the form give a bearer token for an hour', async (t) => {
    const forms = [
      await client.send<TokenBody>('POST', '/api/token', GRANT, { ...FORM, authorization: BASIC }),
      await client.send<TokenBody>(
        'POST',
        '/api/token',
        `${GRANT}&client_id=sandbox-id&client_secret=sandbox-secret`,
        FORM
      ),
    ]
    for (const { status, body } of forms) {
      t.equal(status, 200)
      t.strictSame(Object.keys(body), ['access_token', 'token_type', 'expires_in'])
      t.strictSame([body.token_type, body.expires_in], ['Bearer', 3600])
      t.equal(
        (await client.get('/search?q=tag:new&type=album', { authorization: `Bearer ${body.access_token}` })).status,
        200
      )
    }
    t.not(forms[0]?.body.access_token, forms[1]?.body.access_token)
  })

  for (const [what, headers, form, body] of REFUSED) {
    t.test(`${what}: 400`, async (t) => {
      const reply = await client.send('POST', '/api/token', form, { ...FORM, ...headers })
      t.strictSame([reply.status, reply.body], [400, body])
    })
  }

  t.test('a missing, an invalid and a differently named token answer the same 401', async (t) => {
    for (const authorization of ['', 'Bearer nonsense', `Basic ${client.token}`, `Token ${client.token}`]) {
      const reply = await client.get('/search?q=tag:new&type=album', { authorization })
      t.strictSame([reply.status, reply.body], [401, UNAUTHORIZED], authorization)
    }
  })
})

t.test('a token ends when its lifetime has passed, though it claimed more', async (t) => {
  const clock = handClock()
  const client = await startClient(t, { tokenLifetimeS: 60, tokenExpiresInS: 3600 }, { now: clock.now })
  const claimed = await client.send<TokenBody>('POST', '/api/token', GRANT, { ...FORM, authorization: BASIC })
  t.equal(claimed.body.expires_in, 3600)
  clock.pass(59_999)
  t.equal((await client.get('/search?q=tag:new&type=album')).status, 200)
  clock.pass(1)
  const reply = await client.get('/search?q=tag:new&type=album')
  t.strictSame([reply.status, reply.body], [401, UNAUTHORIZED])
})

t.test('other credentials can be set', async (t) => {
  const client = await startClient(t, { clientId: 'mine', clientSecret: 'a:b%' })
  t.equal((await client.send('POST', '/api/token', GRANT, { ...FORM, authorization: BASIC })).status, 400)
  t.equal((await client.send('POST', '/api/token', GRANT, { ...FORM, authorization: basic('mine:a:b%') })).status, 200)
})

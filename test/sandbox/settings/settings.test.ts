import t from 'tap'
import { buildSandbox } from '../../../src/sandbox/app.ts'
import { checkSettings, SettingsError } from '../../../src/sandbox/settings/check-settings.ts'
import { DEFAULT_SETTINGS, type SandboxSettings } from '../../../src/sandbox/settings/settings.ts'
import { readStart } from '../../../src/sandbox/start-settings.ts'
import { type Albums, BASIC, type Client, FORM, idsOf, startClient } from '../client.ts'

const SEARCH = '/search?q=tag:new&type=album'
const JSON_BODY = { 'content-type': 'application/json' }
const put = (client: Client, patch: unknown) =>
  client.send<SandboxSettings & { code?: string, problems?: string[] }>(
    'PUT',
    '/sandbox/settings',
    JSON.stringify(patch),
    JSON_BODY
  )

function problemsOf (run: () => unknown): readonly string[] {
  try {
    run()
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
  return []
}

t.test('without settings it is what anyone can create today: a development-mode app', async (t) => {
  const app = buildSandbox()
  t.strictSame(app.sandbox.settings, DEFAULT_SETTINGS)
  t.equal(app.sandbox.settings.tier, 'development')
  await app.close()
})

const WRONG: Array<[unknown, string[]]> = [
  [null, ['settings: expected object']],
  [{ tier: 'premium' }, ['tier: must be one of extended, development']],
  [{ colour: 'red' }, ['colour: unexpected property']],
  [{ albums: -1 }, ['albums: expected integer to be greater or equal to 0']],
  [{ day: -1 }, ['day: expected integer to be greater or equal to 0']],
  [{ day: 366 }, ['day: expected integer to be less or equal to 365']],
  [{ day: 1.5 }, ['day: expected integer']],
  [{ dayZero: 'today' }, ['dayZero: expected string to match \'^2\\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$\'']],
  [{ rateLimit: { calls: 'many' } }, ['rateLimit.calls: expected integer']],
  [{ rateLimit: {} }, ['rateLimit.calls: expected required property']],
  [{ quota: { calls: 1, retryAfterS: 1, bucket: 'x' } }, ['quota.bucket: unexpected property']],
  [{ pageLimits: { album: 3 } }, ['pageLimits.album: unexpected property']],
  [{ faults: [{ kind: 'reset', probability: 2 }] }, ['faults.0.probability: expected number to be less or equal to 1']],
  [
    { faults: [{ kind: 'reset', endpoint: 'tracks' }] },
    ['faults.0.endpoint: must be one of token, newReleases, search, album, albums, albumTracks, artistAlbums, *'],
  ],
  [{ faults: [{ kind: 'null-item', endpoint: 'token' }] }, ['faults: null-item has no meaning on token']],
]
for (const [patch, expected] of WRONG) {
  t.test(`refused: ${JSON.stringify(patch)}`, async (t) => {
    t.strictSame(problemsOf(() => checkSettings(patch)), expected)
  })
}

t.test('settings are read and changed over HTTP, one field leaves the others', async (t) => {
  const client = await startClient(t, { seed: 5 })
  const { status, body } = await put(client, { tier: 'extended', faults: [{ kind: 'not-found', times: 1 }] })
  t.equal(status, 200)
  t.strictSame(body, { ...DEFAULT_SETTINGS, seed: 5, tier: 'extended', faults: [{ kind: 'not-found', times: 1 }] })
  t.strictSame((await client.send('GET', '/sandbox/settings')).body, body)
  t.strictSame(client.app.sandbox.settings, body)
  t.equal((await client.get('/browse/new-releases')).status, 404)
  t.equal((await client.get('/browse/new-releases')).status, 200)
})

t.test('wrong settings over HTTP are a problem document and change nothing', async (t) => {
  const client = await startClient(t)
  const reply = await put(client, { tier: 'extended', colour: 'red' })
  t.equal(reply.status, 400)
  t.match(reply.headers['content-type'], /^application\/problem\+json/)
  t.match(reply.body, { code: 'invalid_settings', problems: ['colour: unexpected property'] })
  t.equal((await client.send('PUT', '/sandbox/settings', '{', JSON_BODY)).status, 400)
  t.strictSame(client.app.sandbox.settings, DEFAULT_SETTINGS)
})

t.test('what depends on a changed setting starts anew, what does not goes on', async (t) => {
  const client = await startClient(t, {
    rateLimit: { calls: 1 },
    faults: [{ kind: 'not-found', endpoint: 'album', times: 1 }],
  })
  const { catalogue } = client.app.sandbox
  const album = `/albums/${catalogue.ids[0]}`
  t.equal((await client.get(album)).status, 404)
  t.equal((await client.get(album)).status, 429)
  client.app.sandbox.change({ rateLimit: { calls: 9 } })
  t.equal((await client.get(album)).status, 200, 'the fault has fired')
  client.app.sandbox.change({ faults: client.app.sandbox.settings.faults })
  t.equal((await client.get(album)).status, 404, 'the fault is armed again')
  t.equal(client.app.sandbox.catalogue, catalogue)
  client.app.sandbox.change({ albums: 3 })
  t.equal(idsOf((await client.get<Albums>(SEARCH)).body.albums).length, 3)
})

t.test('DELETE /sandbox/settings goes back to the start: its settings, faults anew, ' +
  'and no token that was issued', async (t) => {
  const fault = { kind: 'reset', endpoint: 'search', times: 1 } as const
  const client = await startClient(t, { tier: 'extended', faults: [fault] })
  await t.rejects(client.get(SEARCH), 'the fault of the start')
  await put(client, { tier: 'development', faults: [], clientSecret: 'another' })
  t.equal((await client.get(SEARCH)).status, 200)
  t.equal((await client.send('DELETE', '/sandbox/settings')).status, 204)
  t.match(client.app.sandbox.settings, {
    tier: 'extended',
    faults: [fault],
    clientSecret: DEFAULT_SETTINGS.clientSecret,
  })
  t.equal((await client.get(SEARCH)).status, 401)
  const { body } = await client.send<{ access_token: string }>('POST', '/api/token', 'grant_type=client_credentials', {
    ...FORM,
    authorization: BASIC,
  })
  await t.rejects(client.get(SEARCH, { authorization: `Bearer ${body.access_token}` }), 'the fault strikes again')
})

t.test('the catalogue over HTTP is the truth to compare with', async (t) => {
  const client = await startClient(t)
  const { catalogue } = client.app.sandbox
  t.strictSame((await client.send('GET', '/sandbox/catalogue')).body, {
    seed: 1,
    albums: catalogue.ids.map((id) => ({ id, tracks: catalogue.tracks(id).length })),
    newReleases: catalogue.newReleases,
    searchOrder: catalogue.searchOrder,
  })
})

const STARTS: Array<[string, string[], Record<string, string>, object]> = [
  ['nothing said', [], {}, { host: '127.0.0.1', port: 4000, settings: {} }],
  [
    'flags',
    ['--tier', 'extended', '--latency-ms=50', '--port', '4001'],
    {},
    { host: '127.0.0.1', port: 4001, settings: { tier: 'extended', latencyMs: 50 } },
  ],
  [
    'environment',
    [],
    { HOST: '0.0.0.0', PORT: '0', SANDBOX_CLIENT_ID: '007', SANDBOX_RATE_LIMIT: '{"calls":9}' },
    { host: '0.0.0.0', port: 0, settings: { clientId: '007', rateLimit: { calls: 9 } } },
  ],
  ['a day', ['--day', '3'], { SANDBOX_DAY: '2' }, { host: '127.0.0.1', port: 4000, settings: { day: 3 } }],
  [
    'a date',
    ['--day-zero', '2027-03-01'],
    { SANDBOX_DAY_ZERO: '2027-01-01' },
    { host: '127.0.0.1', port: 4000, settings: { dayZero: '2027-03-01' } },
  ],
  ['a day in the environment', [], { SANDBOX_DAY: '2' }, { host: '127.0.0.1', port: 4000, settings: { day: 2 } }],
  ['one JSON', [], { SANDBOX_SETTINGS: '{"seed":3}' }, { host: '127.0.0.1', port: 4000, settings: { seed: 3 } }],
  [
    'flag over variable over JSON',
    ['--seed', '1'],
    { SANDBOX_SEED: '2', SANDBOX_ALBUMS: '20', SANDBOX_SETTINGS: '{"seed":3,"albums":30,"jitterMs":40}' },
    { host: '127.0.0.1', port: 4000, settings: { seed: 1, albums: 20, jitterMs: 40 } },
  ],
]
for (const [title, argv, environment, expected] of STARTS) {
  t.test(`start: ${title}`, async (t) => t.strictSame(readStart(argv, environment), expected))
}

const WRONG_STARTS: Array<[string[], Record<string, string>, RegExp]> = [
  [['--colour', 'red'], {}, /^Unknown option '--colour'/],
  [['extended'], {}, /^Unexpected argument 'extended'/],
  [['--albums', 'many'], {}, /^albums: expected a number or JSON, not many$/],
  [['--port', '99999'], {}, /^port: expected 0 to 65535, not 99999$/],
  [[], { SANDBOX_SETTINGS: '[]' }, /^SANDBOX_SETTINGS: expected a JSON object$/],
  [[], { SANDBOX_FAULTS: '[{' }, /^SANDBOX_FAULTS: expected a number or JSON, not \[{$/],
]
for (const [argv, environment, expected] of WRONG_STARTS) {
  t.test(`no start: ${argv.join(' ')} ${JSON.stringify(environment)}`, async (t) => {
    const problems = problemsOf(() => readStart(argv, environment))
    t.equal(problems.length, 1)
    t.match(problems[0], expected)
  })
}

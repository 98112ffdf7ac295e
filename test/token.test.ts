import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Agent } from 'undici'
import { never } from './never.ts'
import { startService } from './service.ts'
import { matchesTruth } from './truth.ts'

t.test('a token that is refused in the middle of a run costs one renewal and the ' +
  'refused calls again, nothing else', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'development', faults: [{ kind: 'unauthorized', endpoint: 'album', skip: 50, times: 1 }] },
  })
  const run = await service.ingest()
  t.match(run, { status: 'succeeded', complete: true, cost: { retries: 1 } })
  matchesTruth(t, await service.document(run.id), service.sandbox, service.sandboxUrl)
  t.equal(service.sandbox.sandbox.stats().token, 2)
})

t.test('a token is renewed before its announced end: no call is refused', async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development', latencyMs: 40, tokenLifetimeS: 1 } })
  const run = await service.ingest()
  t.match(run, { status: 'succeeded', cost: { retries: 0 } })
  const { token, byEndpoint } = service.sandbox.sandbox.stats()
  t.ok(token >= 2, `${token} tokens`)
  t.notOk(Object.values(byEndpoint).some(({ byStatus }) => byStatus['401'] !== undefined))
})

t.test('a token that ends earlier than announced is renewed once for all calls that meet its end', async (t) => {
  const service = await startService(t, {
    sandbox: { tier: 'development', latencyMs: 30, tokenLifetimeS: 0.3, tokenExpiresInS: 3600 },
  })
  const run = await service.ingest({ limit: 60 })
  t.match(run, { status: 'succeeded', complete: true })
  const { token, byEndpoint } = service.sandbox.sandbox.stats()
  const refused = Object.values(byEndpoint).reduce((sum, { byStatus }) => sum + (byStatus['401'] ?? 0), 0)
  t.equal(run.cost.retries, refused)
  t.ok(token >= 2 && token <= 1 + refused, `${token} tokens for ${refused} refused calls`)
})

t.test('50 callers at once cause one token request', async (t) => {
  const service = await startService(t, { sandbox: { latencyMs: 20 } })
  const tokens = await Promise.all(Array.from({ length: 50 }, async () => await service.app.tokenManager.get(never)))
  t.equal(new Set(tokens).size, 1)
  t.equal(service.sandbox.sandbox.stats().token, 1)
})

t.test('neither secret nor token is in the log at trace, in an answer, or on disk', async (t) => {
  const sent = new Set<string>()
  const agent = new Agent()
  t.teardown(async () => await agent.close())
  const spying = agent.compose((dispatch) => (options, handler) => {
    const { authorization } = options.headers as Record<string, string>
    if (authorization !== undefined) sent.add(authorization.replace(/^\w+ /, ''))
    return dispatch(options, handler)
  })
  const secret = 'an-unmistakable-secret'
  const service = await startService(t, {
    sandbox: {
      clientSecret: secret,
      faults: [
        { kind: 'unauthorized', probability: 0.05 },
        { kind: 'reset', probability: 0.05 },
        { kind: 'server-error-html', probability: 0.05 },
      ],
    },
    env: { SPOTIFY_CLIENT_SECRET: secret, API_KEYS: 'an-unmistakable-key' },
    dependencies: { dispatcher: spying },
  })
  const run = await service.app.runs.start({})
  await new Promise<void>((resolve) =>
    service.app.runs.watch(run.id, ({ finishedAt }) => {
      if (finishedAt !== null) resolve()
    })
  )
  const headers = { authorization: 'Bearer an-unmistakable-key' }
  const answers = await Promise.all(
    [`/runs/${run.id}`, `/runs/${run.id}/status`, '/nowhere', '/runs/x'].map(
      async (url) => (await service.app.inject({ url, headers })).body
    )
  )
  const files = await readdir(service.dataDir, { recursive: true, withFileTypes: true })
  const stored = await Promise.all(
    files
      .filter((file) => file.isFile())
      .map(async ({ parentPath, name }) => await readFile(join(parentPath, name), 'utf8'))
  )
  t.ok(sent.size >= 3, 'the credentials and some tokens were sent')
  t.match(service.log(), /"level":20.*called Spotify/, 'the log is as talkative as it can be')
  t.match(service.log(), /retrying/)
  for (const text of [service.log(), ...answers, ...stored]) {
    for (const hidden of [secret, 'an-unmistakable-key', ...sent]) t.notOk(text.includes(hidden))
  }
})

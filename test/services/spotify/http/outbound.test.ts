import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type RequestListener, type Server, createServer, request as forward } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { normalNoProxy } from '../../../../src/services/spotify/http/outbound.ts'
import { startSandbox, startService } from '../../../service.ts'

async function listen (t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** A proxy that tunnels and forwards, and wants those credentials where there are any. */
async function startProxy (t: Test, credentials?: string) {
  const seen: string[] = []
  const isWelcome = (given: string | undefined): boolean =>
    credentials === undefined || given === `Basic ${Buffer.from(credentials).toString('base64')}`
  const server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`)
    if (!isWelcome(incoming.headers['proxy-authorization'])) {
      outgoing.writeHead(407).end()
      return
    }
    const { 'proxy-authorization': _, ...headers } = incoming.headers
    incoming.pipe(forward(incoming.url ?? '', { method: incoming.method, headers }, (response) => {
      response.pipe(outgoing.writeHead(response.statusCode ?? 502, response.headers))
    }))
  })
  server.on('connect', (incoming, client, head) => {
    seen.push(`CONNECT ${incoming.url ?? ''}`)
    client.on('error', () => {})
    t.teardown(() => client.destroy())
    if (!isWelcome(incoming.headers['proxy-authorization'])) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const { hostname, port } = new URL(`http://${incoming.url ?? ''}`)
    const target = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      target.write(head)
      target.pipe(client).pipe(target)
    })
    target.on('error', () => client.destroy())
    client.on('close', () => target.destroy())
  })
  return { seen, port: await listen(t, server) }
}

/** A certificate for localhost that no list of issuers knows, and its key. */
function makeCertificate (t: Test): { key: Buffer, cert: Buffer } {
  const folder = t.testdir({})
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
    ],
    { stdio: 'ignore' }
  )
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

async function startTls (t: Test, answer: RequestListener): Promise<{ url: string, connections: () => number }> {
  const server = createTlsServer(makeCertificate(t), answer)
  let connections = 0
  server.on('connection', () => { connections++ })
  server.on('tlsClientError', () => {})
  return { url: `https://127.0.0.1:${await listen(t, server)}`, connections: () => connections }
}

t.test('a run goes through HTTP_PROXY', async (t) => {
  const proxy = await startProxy(t)
  const service = await startService(t, { env: { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` } })
  t.match(await service.ingest({ limit: 5 }), { status: 'succeeded', progress: { albumsFetched: 5 } })
  t.ok(proxy.seen.length > 6)
  t.ok(proxy.seen.every((line) => line.includes(service.sandboxUrl)))
})

t.test('the lower case holds, user and password are sent, and a proxy without a scheme is an http one', async (t) => {
  const proxy = await startProxy(t, 'me:pass word')
  const service = await startService(t, {
    env: { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: `me:pass%20word@127.0.0.1:${proxy.port}` },
  })
  t.match(await service.ingest({ limit: 2 }), { status: 'succeeded' })
  t.ok(proxy.seen.length > 0)
})

for (const noProxy of ['127.0.0.1', '*', 'example.org, 127.0.0.1']) {
  t.test(`NO_PROXY=${noProxy} goes before the proxy`, async (t) => {
    const proxy = await startProxy(t)
    const service = await startService(t, { env: { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: noProxy } })
    t.match(await service.ingest({ limit: 2 }), { status: 'succeeded' })
    t.same(proxy.seen, [])
  })
}

t.test('an https target is tunneled to', async (t) => {
  const proxy = await startProxy(t)
  const tls = await startTls(t, (_request, response) => response.end('{}'))
  const service = await startService(t, {
    env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, SPOTIFY_TOKEN_URL: `${tls.url}/api/token` },
  })
  const run = await service.ingest({ limit: 2 })
  t.match(run.error, { detail: /NODE_EXTRA_CA_CERTS/ }, 'the certificate is that of the target')
  t.same([...new Set(proxy.seen)], [`CONNECT ${new URL(tls.url).host}`])
})

for (const [name, path] of [['HTTP_PROXY', 'http'], ['HTTPS_PROXY', 'https']] as const) {
  t.test(`${name}: a proxy that wants other credentials is asked once by each and ` +
    'named, without its password', async (t) => {
    const proxy = await startProxy(t, 'me:right')
    const service = await startService(t, {
      env: {
        [name]: `http://me:wrong-password@127.0.0.1:${proxy.port}`,
        SPOTIFY_TOKEN_URL: `${path}://127.0.0.1:1/api/token`,
      },
    })
    const run = await service.ingest({ limit: 2 })
    t.match(run.error, {
      code: 'upstream_unavailable',
      detail: new RegExp(`the proxy http://127.0.0.1:${proxy.port} wants a user and a password.*\\(407\\)`),
    })
    t.ok(proxy.seen.length <= 2, 'once at the start, and once by the run')
    t.notMatch(service.log() + JSON.stringify(run), /wrong-password/)
  })

  t.test(`${name}: a proxy that is not there is named`, async (t) => {
    const service = await startService(t, {
      env: {
        [name]: 'http://me:the-password@127.0.0.1:1',
        SPOTIFY_TOKEN_URL: `${path}://127.0.0.1:2/api/token`,
        SPOTIFY_MAX_ATTEMPTS: '2',
      },
    })
    const run = await service.ingest({ limit: 2 })
    t.match(run.error, {
      code: 'upstream_unavailable',
      detail: /the proxy http:\/\/127\.0\.0\.1:1 refuses connections: check HTTPS_PROXY and HTTP_PROXY.*ECONNREFUSED/,
    })
    t.notMatch(service.log() + JSON.stringify(run), /the-password/)
  })
}

t.test('a certificate of an unknown issuer is met once, by the token or by the API, and ' +
  'the error says what to set', async (t) => {
  for (const name of ['SPOTIFY_TOKEN_URL', 'SPOTIFY_API_URL']) {
    const tls = await startTls(t, (_request, response) => response.end('{}'))
    const service = await startService(t, { env: { [name]: `${tls.url}/v1` } })
    const run = await service.ingest({ source: 'albums', albumIds: ['1'.repeat(22), '2'.repeat(22)] })
    t.match(run, {
      status: 'failed',
      error: {
        code: 'upstream_unavailable',
        detail: /issuer that is not known.*NODE_EXTRA_CA_CERTS.*\(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
      },
    })
    t.ok(tls.connections() <= 2, `${tls.connections()} connections`)
  }
})

t.test('https to a port that speaks http is met once, and the error says so', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const service = await startService(t, {
    env: { SPOTIFY_TOKEN_URL: `${sandboxUrl.replace('http:', 'https:')}/api/token` },
  })
  t.match((await service.ingest({ limit: 2 })).error, {
    code: 'upstream_unavailable',
    detail: /does not speak the TLS that an https URL wants/,
  })
})

t.test('a port without a listener is named with the settings, as is a name that does not exist', async (t) => {
  for (const [url, sentence] of [
    [
      'http://127.0.0.1:1/api/token',
      /http:\/\/127\.0\.0\.1:1 refuses connections: check SPOTIFY_API_URL and SPOTIFY_TOKEN_URL.*ECONNREFUSED/,
    ],
    ['http://no-such-host.invalid/api/token', /no-such-host\.invalid has a name that.*(ENOTFOUND|EAI_AGAIN)/],
  ] as const) {
    const service = await startService(t, { env: { SPOTIFY_TOKEN_URL: url, SPOTIFY_MAX_ATTEMPTS: '2' } })
    t.match((await service.ingest({ limit: 2 })).error, { code: 'upstream_unavailable', detail: sentence })
  }
})

t.test('NO_PROXY as other tools read it', async (t) => {
  t.same(['', 'a, b', 'a b', 'a,*', '::1', '[::1]:80'].map(normalNoProxy), ['', 'a,b', 'a,b', '*', '[::1]', '[::1]:80'])
})

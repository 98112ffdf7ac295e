import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { post, untilEnded } from './process.ts'
import { environment, startSandbox, temporaryFolder } from './service.ts'

const MAX_FILES = 256

/** The service in a process that may have so few files open, with so small a heap. */
async function startSmall (
  t: Test,
  env: Record<string, string>,
  heapMb = 128
): Promise<{ url: string, output: () => string }> {
  const command = `ulimit -n ${MAX_FILES}; exec "${process.execPath}" --max-old-space-size=${heapMb} src/server.ts`
  const child = spawn('bash', ['-c', command], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => { output += chunk.toString() })
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk)
    const url = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
    if (url === undefined) continue
    child.stdout.on('data', (more: Buffer) => { output += more.toString() })
    return { url, output: () => output }
  }
  throw new Error(`the service ended before it listened:\n${output}`)
}

async function connect (t: Test, url: string) {
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  return socket
}

t.test(`with ${MAX_FILES} open files, idle and half-open connections keep out ` +
  'neither a run nor a client', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const { url, output } = await startSmall(t, environment(sandboxUrl, await temporaryFolder(t)))
  const sockets = []
  for (let i = 0; i < 300; i++) {
    const socket = await connect(t, url)
    if (i % 2 === 1) socket.write('POST /ingest HTTP/1.1\r\nHost: 127') // a request that never becomes whole
    sockets.push(socket)
  }
  const run = await untilEnded(url, (await post(url, { limit: 40 })).id)
  t.match(run, { status: 'succeeded', error: null })
  t.equal((await request(`${url}/health/ready`)).statusCode, 200)
  t.match(output(), /connection limit reached/)
  t.notMatch(output(), /EMFILE|storage_failed/)
})

t.test('with a heap of 128 MB the largest hostile bodies, many at once, cost an answer each and no more', async (t) => {
  const { sandboxUrl } = await startSandbox(t)
  const { url } = await startSmall(t, environment(sandboxUrl, await temporaryFolder(t)))
  const headers = { 'content-type': 'application/json' }
  const ONE_MIB = `{"albumIds":[${'0,'.repeat(524_000)}0]}`
  const FITS = `{"albumIds":[${'0,'.repeat(32_000)}0]}`
  for (const [body, status] of [[ONE_MIB, 413], [FITS, 400]] as const) {
    const answers = await Promise.all(
      Array.from(
        { length: 30 },
        async () =>
          await request(`${url}/ingest`, { method: 'POST', headers, body }).then(
            async (answer) => {
              await answer.body.dump()
              return answer.statusCode
            },
            () => 413
          )
      )
    ) // a client that still writes may find the connection closed
    t.ok(answers.every((answered) => answered === status), String(answers))
  }
  t.match(await untilEnded(url, (await post(url)).id), { status: 'succeeded' })
})

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import t from 'tap'
import { type BigRun, storeBigRun } from '../big-document.ts'
import { runCommand } from '../process.ts'
import { startService } from '../service.ts'

const BIG_BYTES = 24 * 1024 * 1024
const RECEIVE_FAILED = 56
const lacksCurl = spawnSync('curl', ['--version']).error !== undefined && 'curl is not installed'

/** By curl: a client of Node takes a reset for an end where both come with the last bytes that it reads. */
t.test('a conversion that fails half-way resets the connection', { skip: lacksCurl }, async (t) => {
  const service = await startService(t)
  const [broken, whole] = [
    await storeBigRun(service.dataDir, BIG_BYTES, true),
    await storeBigRun(service.dataDir, 1024 * 1024),
  ]
  for (const args of [
    ['--http1.1'],
    ['--http1.1', '-H', 'connection: close'],
    ['--http1.0'],
    ['--http1.0', '-H', 'connection: keep-alive'],
  ]) {
    for (const format of ['csv', 'tracks']) {
      const get = async ({ run }: BigRun) =>
        await runCommand(
          'curl',
          ['-sS', '-o', '/dev/null', '-w', '%{http_code}', ...args, `${service.url}/runs/${run.id}?format=${format}`],
          {}
        )
      const { code, stdout, stderr } = await get(broken)
      t.strictSame([code, stdout], [RECEIVE_FAILED, '200'], `${args.join(' ')} ${format}: ${stderr}`)
      t.strictSame((await get(whole)).code, 0, 'and one that does not fail ends as it should')
    }
  }
  t.match(service.log(), /"err":\{"type":"SyntaxError"/, 'the log says why')
})

t.test('a file that is cut while it is sent closes the connection before all has come', async (t) => {
  const service = await startService(t)
  const { run, path } = await storeBigRun(service.dataDir, BIG_BYTES)
  const whole = await readFile(path)
  const bytes = run.file?.bytes ?? 0
  for (const version of ['1.0', '1.1']) {
    for (const range of ['', `range: bytes=10-${bytes - 10}\r\n`]) {
      const client = createConnection({ host: '127.0.0.1', port: Number(new URL(service.url).port) }).on(
        'error',
        () => {}
      )
      client.write(`GET /runs/${run.id} HTTP/${version}\r\nhost: 127.0.0.1\r\nconnection: keep-alive\r\n${range}\r\n`)
      await once(client, 'readable') // and no more is read before it is cut
      await truncate(path, BIG_BYTES - 1000)
      let received = 0
      client.on('data', (chunk: Buffer) => { received += chunk.length })
      await new Promise((resolve) => client.once('close', resolve))
      t.ok(received > 0 && received < bytes - 500, `${received} bytes`)
      await writeFile(path, whole)
    }
  }
  t.match(service.log(), /gone or damaged/, 'the log says why')
})

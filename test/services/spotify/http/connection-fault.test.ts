import t from 'tap'
import { runCommand } from '../../../process.ts'
import { ProxyError, faultOf } from '../../../../src/services/spotify/http/connection-fault.ts'

const failing = (code: string): Error =>
  Object.assign(new Error(`connect ${code} 10.0.0.1:443`), { code, syscall: 'connect' })

const FAULTS: Array<[error: unknown, reason: RegExp, isLasting?: boolean]> = [
  [
    failing('EMFILE'),
    /^could not be called: too many files and connections are open in this process: raise its limit of open files \(ulimit -n.*\(EMFILE\)$/,
  ],
  [failing('ENFILE'), /^could not be called: .*on this machine.*fs\.file-max/],
  [failing('EADDRNOTAVAIL'), /^could not be called: this machine has no free port/],
  [new AggregateError([failing('EMFILE'), failing('EMFILE')]), /limit of open files/],
  [Object.assign(new Error('getaddrinfo EMFILE'), { code: 'EMFILE', syscall: 'getaddrinfo' }), /limit of open files/],
  [new ProxyError('http://proxy:3128', failing('EMFILE')), /limit of open files/],
  [failing('ECONNREFUSED'), /^gave no connection: https:\/\/api\.example refuses connections: check SPOTIFY_API_URL/],
  [failing('CERT_HAS_EXPIRED'), /^gave no connection: .*certificate/, true],
  [failing('EPIPE'), /^broke the connection: .*EPIPE/],
]

t.test('what stands in the way of a connection is named, with what to do', async (t) => {
  for (const [error, reason, isLasting = false] of FAULTS) {
    const fault = faultOf(error, 'https://api.example')
    t.match(fault.reason, reason)
    t.equal(fault.isLasting, isLasting)
    if (reason.source.includes('limit of open files')) t.notMatch(fault.reason, /DATA_DIR|network|api\.example|proxy/)
  }
})

/** Uses up all files of its process, then calls. */
const CALL_WITHOUT_FILES = `
import { openSync } from 'node:fs'
import { Agent } from 'undici'
import { createResponseBudget } from './src/services/spotify/http/response-budget.ts'
import { send } from './src/services/spotify/http/send.ts'
const call = async () => await send(new Agent(), { method: 'GET', url: new URL('http://127.0.0.1:9'), headers: {} }, { signal: new AbortController().signal, timeoutMs: 5000, room: createResponseBudget().open() })
await call() // all that is loaded at the first call is loaded
try { for (;;) openSync('/dev/null') } catch {}
const response = await call()
process.stdout.write(response.reason)
process.exit()
`

t.test('a real connection that finds no free ' +
  'file names the limit', { skip: process.platform === 'win32' && 'needs ulimit' }, async (t) => {
  const { stdout, stderr } = await runCommand('bash', [
    '-c',
    'ulimit -n 128; exec "$0" --input-type=module --eval "$1"',
    process.execPath,
    CALL_WITHOUT_FILES,
  ])
  t.match(stdout, /^could not be called: .*ulimit -n.*\(EMFILE\)$/, stderr)
})

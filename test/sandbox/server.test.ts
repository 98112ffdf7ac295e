import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { parseEnv } from 'node:util'
import t, { type Test } from 'tap'
import { FAULT_KINDS } from '../../src/sandbox/settings/fault-kinds.ts'
import { FILTERS } from '../../src/sandbox/calls/search-query.ts'
import { FaultSchema, SettingsSchema } from '../../src/sandbox/settings/settings.ts'
import { flagOf } from '../../src/sandbox/start-settings.ts'

// Loading TypeScript takes each process a second or two, so they start together.
t.jobs = 3

/** The process itself, with the loaders that this test runs under. */
function start (
  t: Test,
  args: string[]
): ChildProcess & { stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, [...process.execArgv, 'src/sandbox/server.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Everything that the sandbox prints at its start, read as the .env that it can be redirected into. */
async function printedVariables (stdout: NodeJS.ReadableStream): Promise<Record<string, string | undefined>> {
  let printed = ''
  for await (const line of createInterface(stdout)) {
    printed += `${line}\n`
    if (line.startsWith('SPOTIFY_CLIENT_SECRET=')) break
  }
  return parseEnv(printed)
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test('prints what the service needs, serves it, and ends at once on ' +
    `${signal} with a call still stalled`, { buffered: true }, async (t) => {
    const child = start(t, ['--port', '0', '--tier', 'extended', '--faults', '[{"kind":"stall"}]'])
    const variables = await printedVariables(child.stdout)
    const variable = (name: string) => variables[name] ?? ''
    const credentials = Buffer.from(`${variable('SPOTIFY_CLIENT_ID')}:${variable('SPOTIFY_CLIENT_SECRET')}`).toString(
      'base64'
    )
    const answer = await fetch(variable('SPOTIFY_TOKEN_URL'), {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const { access_token: token } = await answer.json() as { access_token: string }
    const stalled = t.rejects(
      fetch(`${variable('SPOTIFY_API_URL')}/browse/new-releases`, { headers: { authorization: `Bearer ${token}` } })
    )
    const origin = new URL(variable('SPOTIFY_API_URL')).origin
    while ((await (await fetch(`${origin}/sandbox/stats`)).json() as { calls: number }).calls === 0);
    child.kill(signal)
    t.strictSame(await once(child, 'exit'), [0, null])
    await stalled
  })
}

t.test('--help exits 0 with one line for each setting, each field of a fault, each kind and each search ' +
  'filter, and serves nothing', { buffered: true }, async (t) => {
  const child = start(t, ['--help'])
  const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')])
  t.strictSame(exit, [0, null])
  const named = output.split('\n').map((line) => /^ {2}(\S+) +\S/.exec(line)?.[1] ?? '')
  for (const name of Object.keys(SettingsSchema.properties)) {
    t.equal(named.filter((other) => other === `--${flagOf(name)}`).length, 1, name)
  }
  for (const name of Object.keys(FaultSchema.properties)) {
    t.equal(named.filter((other) => other === name).length, 1, name)
  }
  for (const kind of FAULT_KINDS) t.equal(named.filter((other) => other === kind).length, 1, kind)
  for (const name of Object.keys(FILTERS)) t.equal(named.filter((other) => other === name).length, 1, name)
  t.notMatch(output, /undefined/)
})

t.test('wrong settings: a line for each, exit code 1, no stack trace', { buffered: true }, async (t) => {
  const child = start(t, ['--tier', 'premium', '--albums', '0.5'])
  const [lines, exit] = await Promise.all([text(child.stderr), once(child, 'exit')])
  t.strictSame(lines.trim().split('\n'), [
    'sandbox: tier: must be one of extended, development',
    'sandbox: albums: expected integer',
  ])
  t.strictSame(exit, [1, null])
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { systemClock } from '../../../../src/services/clock.ts'
import { openSqlite } from '../../../../src/services/database/sqlite.ts'
import { temporaryFolder } from '../../../service.ts'
import { type Call, mostInAnyWindow } from '../calls.ts'

const [CALLS, WINDOW_MS, LONGEST_CALL_MS] = [6, 300, 200]

function nowMs (): number {
  return Number(process.hrtime.bigint()) / 1e6
}

interface Child {
  calls: Map<string, Call>
  kill: () => Promise<void>
}

/** A real process that calls as often as it may. */
async function startChild (t: Test, path: string): Promise<Child> {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('pacer-child.ts', import.meta.url)),
      path,
      String(CALLS),
      String(WINDOW_MS),
      String(LONGEST_CALL_MS),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  const calls = new Map<string, Call>()
  const ready = new Promise<void>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const [what, name = '', atMs] = line.split(' ')
      const call = calls.get(name)
      if (what === 'ready') resolve()
      else if (call === undefined) calls.set(name, { givenMs: Number(atMs), doneMs: Infinity })
      else call.doneMs = Number(atMs)
    })
  })
  async function kill (): Promise<void> {
    if (child.signalCode !== null) return
    const exited = once(child, 'close')
    child.kill('SIGKILL')
    await exited
    for (const call of calls.values()) call.doneMs = Math.min(call.doneMs, nowMs())
  }
  t.teardown(kill)
  await ready
  return { calls, kill }
}

t.test('processes on one SQLite file, one of which is killed: never more calls than allowed in any ' +
  'window, and the others go on', async (t) => {
  const path = join(await temporaryFolder(t), 'service.db')
  await (await openSqlite(path, systemClock)).close()
  const [one, two, three] = (await Promise.all([1, 2, 3].map(async () => await startChild(t, path)))) as [
    Child,
    Child,
    Child
  ]
  const callsOf = (child: Child): number => child.calls.size
  const until = async (isSo: () => boolean): Promise<void> => {
    for (const deadlineMs = performance.now() + 20_000; !isSo() && performance.now() < deadlineMs;) {
      await systemClock.sleep(10)
    }
  }
  await until(() => callsOf(one) > 3 && callsOf(one) + callsOf(two) + callsOf(three) > 3 * CALLS)
  await one.kill()
  const before = callsOf(two) + callsOf(three)
  await until(() => callsOf(two) + callsOf(three) > before + 3 * CALLS)
  t.ok(callsOf(two) + callsOf(three) > before + 3 * CALLS)
  await Promise.all([two.kill(), three.kill()])
  const made = [one, two, three].flatMap(({ calls }) => [...calls.values()])
  t.ok(
    callsOf(one) > 3 && mostInAnyWindow(made, WINDOW_MS) <= CALLS,
    `${made.length} calls, at most ${mostInAnyWindow(made, WINDOW_MS)} of ${CALLS} in a window`
  )
})

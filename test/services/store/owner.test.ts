import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { BEAT_EVERY_MS, type Owners, createOwners } from '../../../src/services/store/owner.ts'

/** More than one beat may be late. */
const QUICK_MS = 3 * BEAT_EVERY_MS
const LONG_MS = 60_000

function owners (t: Test, ...of: Parameters<typeof createOwners>): Owners {
  const made = createOwners(...of)
  t.teardown(() => made.close())
  return made
}

/** The id of a process that has ended. */
async function deadPid (): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid ?? 0
}

t.test('a process knows that it lives itself, however long it was silent', async (t) => {
  const mine = owners(t)
  for (const silentMs of [0, QUICK_MS, LONG_MS, -LONG_MS, Number.MAX_SAFE_INTEGER]) {
    t.equal(mine.isAlive(mine.me, silentMs), true, String(silentMs))
  }
})

t.test('owners of one process have different names, and know each other until they are closed', async (t) => {
  const [one, two] = [owners(t), createOwners()]
  t.not(one.me, two.me)
  t.equal(one.isAlive(two.me, QUICK_MS), true)
  two.close()
  t.equal(one.isAlive(two.me, 0), false, 'nobody need wait')
})

t.test('an owner that is silent is dead, on whichever machine, also after the clock was set', async (t) => {
  const [here, away] = [owners(t, 'here'), owners(t, 'away')]
  t.equal(here.isAlive(away.me, QUICK_MS), true)
  for (const silentMs of [LONG_MS, -LONG_MS, Infinity, NaN]) {
    t.equal(here.isAlive(away.me, silentMs), false, `another machine, ${silentMs}`)
    t.equal(here.isAlive(owners(t, 'here').me, silentMs), false, `this one, ${silentMs}`)
  }
})

t.test('a process of this machine that has ended is dead at once; one that runs is not', async (t) => {
  const here = owners(t, 'here')
  const pid = await deadPid()
  t.equal(here.isAlive(owners(t, 'here', pid).me, 0), false)
  t.equal(here.isAlive(owners(t, 'here', process.ppid).me, 0), true)
  t.equal(here.isAlive(owners(t, 'here', 1).me, 0), true, 'also one that may not be asked')
  t.equal(here.isAlive(owners(t, 'away', pid).me, 0), true, 'on another machine that id is another process')
})

t.test('a process that has the id of one that has ended is not that one', async (t) => {
  const here = owners(t, 'here')
  t.equal(here.isAlive(`here ${process.pid} 00000000`, 0), false)
})

t.test('a damaged name is that of nobody here', async (t) => {
  const here = owners(t, 'here')
  for (const name of ['here', 'here x 00000000', 'here NaN', 'here 1e99 x']) t.equal(here.isAlive(name, 0), false, name)
})

t.test('machines are told apart by more than their name, which containers share', async (t) => {
  const [one, two] = [owners(t), owners(t)]
  t.equal(one.me.split(' ')[0], two.me.split(' ')[0])
  t.equal(one.me.split(' ')[1], String(process.pid))
  if (process.platform === 'linux') t.match(one.me, /^[0-9a-f-]{36}:pid:\[\d+\] /)
})

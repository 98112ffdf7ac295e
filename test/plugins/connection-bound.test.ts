import { EventEmitter } from 'node:events'
import t from 'tap'
import { connectionsWithin, createConnectionBound } from '../../src/plugins/connection-bound.ts'

class FakeConnection extends EventEmitter {
  destroyed = false
  destroy (): void {
    this.destroyed = true
    this.emit('close')
  }
}

function create (max: number) {
  const full = { times: 0 }
  const bound = createConnectionBound<FakeConnection>(max, () => { full.times++ })
  const open = (): FakeConnection => {
    const connection = new FakeConnection()
    bound.opened(connection)
    return connection
  }
  return { bound, open, full }
}

t.test('above the bound the connection that has been idle longest goes, whoever comes', async (t) => {
  const { bound, open, full } = create(3)
  const [a, b, c] = [open(), open(), open()]
  bound.started(a)
  bound.finished(a) // from now on it has been idle for a shorter time than b
  const d = open()
  t.same([a, b, c, d].map(({ destroyed }) => destroyed), [false, true, false, false])
  t.equal(full.times, 1)
})

t.test('a connection with a request under way is never closed; what comes then ' +
  'is refused, and closed first', async (t) => {
  const { bound, open } = create(2)
  const busy = [open(), open()]
  for (const connection of busy) t.ok(bound.started(connection))
  const late = open()
  t.notOk(late.destroyed)
  t.notOk(bound.started(late), 'refused with an answer')
  bound.finished(late)
  open()
  t.same([...busy, late].map(({ destroyed }) => destroyed), [false, false, true])
})

t.test('pipelined requests keep a connection busy until the last one; what is closed makes room', async (t) => {
  const { bound, open, full } = create(1)
  const one = open()
  bound.started(one)
  bound.started(one)
  bound.finished(one)
  open()
  t.notOk(one.destroyed)
  one.destroy()
  bound.finished(one)
  const { open: again, full: never } = create(1)
  again().destroy()
  again()
  t.equal(never.times, 0)
  t.equal(full.times, 1)
})

t.test('so many connections fit under a limit of open files, two files each', async (t) => {
  t.same(
    [null, 1_000_000, 1024, 256, 64, 0].map((files) => connectionsWithin(files, 10)),
    [10_000, 10_000, 459, 75, 8, 8]
  )
})

import t from 'tap'
import { createEndpointMemory } from '../../../src/services/spotify/endpoint.ts'

t.test('what was never asked is taken to work at the largest page size', async (t) => {
  t.same(createEndpointMemory('app').about('search'), { refusal: null, pageSize: 50, works: false })
})

t.test('facts add up, and say nothing of another endpoint', async (t) => {
  const memory = createEndpointMemory('app')
  memory.learn('search', { works: true })
  memory.learn('search', { pageSize: 10 })
  memory.learn('albums', { refusal: 'no' })
  t.same(memory.about('search'), { refusal: null, pageSize: 10, works: true })
  t.same(memory.about('albums'), { refusal: 'no', pageSize: 50, works: false })
  t.same(memory.about('artistAlbums'), { refusal: null, pageSize: 50, works: false })
})

t.test('the page size steps down 50, 20, 10, 5, and no further', async (t) => {
  const memory = createEndpointMemory('app')
  const sizes: Array<[boolean, number]> = []
  for (let i = 0; i < 4; i++) sizes.push([memory.stepDown('search', memory.about('search').pageSize), memory.about('search').pageSize])
  t.same(sizes, [[true, 20], [true, 10], [true, 5], [false, 5]])
})

t.test('callers that were refused the same size at once take one step together', async (t) => {
  const memory = createEndpointMemory('app')
  for (let i = 0; i < 10; i++) t.equal(memory.stepDown('search', 50), true)
  t.equal(memory.about('search').pageSize, 20)
})

t.test('a late refusal of a larger size does not raise the size again', async (t) => {
  const memory = createEndpointMemory('app')
  memory.learn('search', { pageSize: 5 })
  t.equal(memory.stepDown('search', 50), true)
  t.equal(memory.about('search').pageSize, 5)
})

t.test('a size between the steps goes to the next smaller one', async (t) => {
  const memory = createEndpointMemory('app')
  memory.stepDown('search', 12)
  t.equal(memory.about('search').pageSize, 10)
})

t.test('a snapshot restores what is not known better', async (t) => {
  const before = createEndpointMemory('app')
  before.learn('search', { pageSize: 10 })
  before.learn('albums', { refusal: 'no' })
  const after = createEndpointMemory('app')
  after.learn('albums', { works: true })
  after.restore(JSON.parse(JSON.stringify(before.snapshot())) as ReturnType<typeof before.snapshot>)
  t.equal(after.about('search').pageSize, 10)
  t.same(after.about('albums'), { refusal: null, pageSize: 50, works: true })
  const other = createEndpointMemory('another app')
  other.restore(before.snapshot())
  t.equal(other.about('search').pageSize, 50, 'what another app may do says nothing')
})

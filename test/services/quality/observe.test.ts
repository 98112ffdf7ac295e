import t from 'tap'
import { createObserver } from '../../../src/services/quality/observe.ts'
import { createRecordingLog } from '../recording-log.ts'
import { runOf, sandboxDocument } from './documents.ts'

async function * each (texts: string[]): AsyncGenerator<string> {
  yield * texts
}

t.test('texts pass as they are, in order, and all of them are inspected, however many wait', async (t) => {
  const { run, albums } = sandboxDocument({ size: 100 })
  const texts = [...albums, ...albums, ...albums].map((album) => JSON.stringify(album))
  t.ok(texts.join('').length > 2 * 1024 * 1024, 'more than may wait')
  const observer = createObserver(run, createRecordingLog())
  const passed: string[] = []
  for await (const text of observer.through(each(texts))) passed.push(text)
  t.strictSame(passed, texts)
  t.equal((await observer.findings())?.profile.albums.rows, texts.length)
})

t.test('a text that cannot be inspected passes, with a line in the log, and there are no findings', async (t) => {
  const log = createRecordingLog()
  const observer = createObserver(runOf([]), log)
  const passed: string[] = []
  for await (const text of observer.through(each(['{}', '{', '{}', '{']))) passed.push(text)
  t.strictSame(passed, ['{}', '{', '{}', '{'])
  t.equal(await observer.findings(), null)
  t.strictSame(log.lines, ['error document inspection failed; quality report deferred'])
})

t.test('a document that was not read to its end has no findings', async (t) => {
  const observer = createObserver(runOf([]), createRecordingLog())
  const texts = observer.through(each(['{}', '{}']))
  t.match(await texts.next(), { value: '{}', done: false })
  await texts.return(undefined)
  t.equal(await observer.findings(), null)
})

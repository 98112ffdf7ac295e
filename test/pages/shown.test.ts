import t from 'tap'
import { isAmong, isAsShown, isSameJson } from './shown.ts'

const ID = '01a203d5-29b8-7587-a80e-df4d1d6e4fbc'

for (const [title, shown, actual, isEqual] of [
  ['another id', `/runs/${ID}`, `/runs/${ID.replace('a', 'b')}`, true],
  ['another time', '2026-11-22T15:17:11.224Z', '2026-11-30T00:00:00.001Z', true],
  ['other seconds', '20 albums in 0.216 s', '20 albums in 12.5 s', true],
  ['another large size', 'bytes 236057', 'bytes 236059', true],
  ['another count', '124 calls', '125 calls', false],
  ['another date', '2026-11-20', '2026-11-21', false],
  ['a line more', 'a', 'a\nb', false],
  ['a line less', 'a\nb', 'a', false],
  ['more where … stands', 'answered …, twice', 'answered 403 Forbidden, twice', true],
  ['a character that a pattern would take for any', 'a.b', 'axb', false],
] as Array<[string, string, string, boolean]>) {
  t.test(`${title} is ${isEqual ? 'as' : 'not what is'} shown`, async (t) => {
    t.equal(isAsShown(shown, actual), isEqual)
  })
}

t.test('a program that prints more shows whole lines in their order', async (t) => {
  t.equal(isAmong('b\nc', 'a\nb\nc\nd'), true)
  t.equal(isAmong('b\nd', 'a\nb\nc\nd'), false)
  t.equal(isAmong('b', 'ab'), false)
})

t.test('JSON may differ in its layout and not in its values', async (t) => {
  t.equal(isSameJson('{ "a": [1, 2] }', '{\n  "a": [\n1, 2]\n}'), true)
  t.equal(isSameJson('{ "a": [1, 2] }', '{"a":[1,3]}'), false)
})

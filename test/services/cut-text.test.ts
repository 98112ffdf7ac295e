import t from 'tap'
import { cutText } from '../../src/services/cut-text.ts'
import { bytesKeptBy } from '../memory.ts'

const MIB = 1024 * 1024

t.test('a text is cut to so many characters, whatever they are', async (t) => {
  const cases: Array<[text: string, max: number, expected: string]> = [
    ['', 3, ''], ['abc', 3, 'abc'], ['abcd', 3, 'abc'], ['日本語の', 3, '日本語'], ['ab\ud83d\udc4d', 3, 'ab\ud83d'],
    ['\udc00\0\ud800x', 3, '\udc00\0\ud800'],
  ]
  for (const [text, max, expected] of cases) t.equal(cutText(text, max), expected, JSON.stringify(text))
})

t.test('what is left keeps nothing else in memory', async (t) => {
  const bytes = bytesKeptBy(() =>
    Array.from({ length: 64 }, (_, number) => cutText(JSON.parse(`"${number}${'x'.repeat(MIB)}"`) as string, 300))
  )
  t.ok(bytes < 2 * MIB, `${Math.round(bytes / 1024)} KiB of 64 MiB`)
})

import fc from 'fast-check'
import t from 'tap'
import { formatJson, excessOf, parseJson, parseJsonForDisplay } from '../../src/services/json.ts'

const UNCHANGED = [
  '{"a":12345678901234567890}', '{"a":1.0}', '{"a":1e2,"b":[1E+2,-0,0.10]}', '[{"a":{"b":[{"c":1.50}]}},{"d":1}]',
  '{"a":1e999}',
  '{"__proto__":12345678901234567890,"b":{"__proto__":1.0}}', '{"a":0.1234567890123456789}', '[12345678901234567890]',
  '{"a":"1.0 :1.0","b":5,"c":-3,"d":1.5}', '{"a":"\\ud800"}',
]
for (const text of UNCHANGED) {
  t.test(`${text} stays as it was written`, async (t) => t.equal(formatJson(parseJson(text)), text))
}

t.test('the values are numbers, for whoever looks at them', async (t) => {
  t.equal((parseJson('{"total":12.0}') as { total: number }).total, 12)
  t.same(parseJsonForDisplay('{"a":12345678901234567890,"b":1.0,"c":7}'), { a: '12345678901234567890', b: '1.0', c: 7 })
})

t.test('a copy keeps them, and a member that is replaced is the new one', async (t) => {
  const album = parseJson(
    '{"big":12345678901234567890,"tracks":{"total":1.0,"items":[{"n":1.0},null],"next":2.0}}'
  ) as { tracks: { items: unknown[] } }
  const items = album.tracks.items.filter((item) => item !== null)
  t.equal(
    formatJson({ ...album, tracks: { ...album.tracks, items, next: null } }),
    '{"big":12345678901234567890,"tracks":{"total":1.0,"items":[{"n":1.0}],"next":null}}'
  )
  t.equal(formatJson(items), '[{"n":1.0}]')
})

t.test('any JSON comes back as JSON.stringify writes it', async () => {
  fc.assert(
    fc.property(
      fc.json(),
      (text) => formatJson(parseJson(text)) === JSON.stringify(JSON.parse(text)) || /\d[.eE]|-0|\d{16}/.test(text)
    )
  )
})

const TOO_DEEP = 'nested deeper than 100 levels'
const TOO_MANY = 'of more than 500 objects, arrays and members'
const EXCESSES: Array<[string, string, string | null]> = [
  ['as deep as may be', '['.repeat(100) + ']'.repeat(100), null],
  ['deeper', '{"a":'.repeat(101), TOO_DEEP],
  ['millions of levels', '['.repeat(4_000_000), TOO_DEEP],
  ['brackets within strings', `["${'[:'.repeat(900)}\\"[[[\\\\",[]]`, null],
  ['many one after the other', '[]'.repeat(500), null],
  ['one more', '[]'.repeat(501), TOO_MANY],
  ['many members', `{${'"a":1,'.repeat(500)}}`, TOO_MANY],
  ['a string without an end', `["${'['.repeat(900)}`, null],
]
for (const [what, text, excess] of EXCESSES) {
  t.test(`limits of a text: ${what}`, async (t) => t.equal(excessOf(text, { nesting: 100, parts: 500 }), excess))
}

import t from 'tap'
import { type AlbumDifference, albumDifference } from '../../../src/services/changes/album-difference.ts'
import { parseJson } from '../../../src/services/json.ts'

function compare (before: string, after: string, mayHideTracks = false): AlbumDifference | null {
  return albumDifference(
    parseJson(before) as Record<string, unknown>,
    parseJson(after) as Record<string, unknown>,
    mayHideTracks
  )
}

const FIELDS: Array<{
  title: string
  before: string
  after: string
  fields: Array<[string, string | undefined, string | undefined]>
}> = [
  { title: 'nothing', before: '{"name":"a"}', after: '{"name":"a"}', fields: [] },
  {
    title: 'another order of fields',
    before: '{"a":{"b":1,"c":2},"d":3}',
    after: '{"d":3,"a":{"c":2,"b":1}}',
    fields: [],
  },
  { title: 'another order of a list', before: '{"a":[1,2]}', after: '{"a":[2,1]}', fields: [['a', '[1,2]', '[2,1]']] },
  { title: 'a text', before: '{"name":"a","x":1}', after: '{"name":"b","x":1}', fields: [['name', '"a"', '"b"']] },
  { title: 'a new field', before: '{}', after: '{"label":null}', fields: [['label', undefined, 'null']] },
  { title: 'a field that is gone', before: '{"label":null}', after: '{}', fields: [['label', 'null', undefined]] },
  { title: 'null for an object', before: '{"a":{}}', after: '{"a":null}', fields: [['a', '{}', 'null']] },
  {
    title: 'numbers beyond those of JavaScript',
    before: '{"n":12345678901234567890}',
    after: '{"n":12345678901234567891}',
    fields: [['n', '12345678901234567890', '12345678901234567891']],
  },
  {
    title: 'the same such number',
    before: '{"n":12345678901234567890}',
    after: '{"n":12345678901234567890}',
    fields: [],
  },
  {
    title: 'such a number within an object',
    before: '{"o":{"n":1.0}}',
    after: '{"o":{"n":1}}',
    fields: [['o', '{"n":1.0}', '{"n":1}']],
  },
  {
    title: 'a name that is a trap',
    before: '{"__proto__":1,"constructor":2}',
    after: '{"__proto__":2,"constructor":2}',
    fields: [['__proto__', '1', '2']],
  },
  {
    title: 'how the pages of tracks were cut',
    before: '{"tracks":{"items":[],"limit":50}}',
    after: '{"tracks":{"items":[],"limit":20}}',
    fields: [],
  },
]

for (const { title, before, after, fields } of FIELDS) {
  t.strictSame(
    compare(before, after)?.fields.map((change) => [change.field, change.before, change.after]) ?? [],
    fields,
    title
  )
}

const track = (id: string | null, name: string, more = ''): string =>
  `{"id":${JSON.stringify(id)},"name":"${name}","disc_number":1,"track_number":1${more}}`
const album = (...tracks: string[]): string => `{"id":"a","tracks":{"items":[${tracks.join()}]}}`

interface TrackCase {
  title: string
  before: string[]
  after: string[]
  mayHide?: boolean
  added?: string[]
  removed?: string[]
  unknown?: string[]
  changed?: string[]
}

const TRACKS: TrackCase[] = [
  { title: 'another order', before: [track('x', 'X'), track('y', 'Y')], after: [track('y', 'Y'), track('x', 'X')] },
  { title: 'one more', before: [track('x', 'X')], after: [track('x', 'X'), track('y', 'Y')], added: ['Y'] },
  { title: 'one less', before: [track('x', 'X'), track('y', 'Y')], after: [track('y', 'Y')], removed: ['X'] },
  { title: 'one less where a gap may hide it', before: [track('x', 'X')], after: [], mayHide: true, unknown: ['X'] },
  { title: 'a new name', before: [track('x', 'X')], after: [track('x', 'Y')], changed: ['Y name'] },
  {
    title: 'a new field',
    before: [track('x', 'X')],
    after: [track('x', 'X', ',"explicit":true')],
    changed: ['X explicit'],
  },
  {
    title: 'another id is another track',
    before: [track('x', 'X')],
    after: [track('z', 'X')],
    added: ['X'],
    removed: ['X'],
  },
  {
    title: 'without an id, place and name count',
    before: [track(null, 'X')],
    after: [track(null, 'X', ',"explicit":true'), track(null, 'Y')],
    added: ['Y'],
    changed: ['X explicit'],
  },
  {
    title: 'one that is there twice',
    before: [track('x', 'X'), track('x', 'X')],
    after: [track('x', 'X')],
    removed: ['X'],
  },
  { title: 'what is no track', before: ['null', '7'], after: ['null', '8'], added: ['null'], removed: ['null'] },
]

for (const { title, before, after, mayHide = false, added = [], removed = [], unknown = [], changed = [] } of TRACKS) {
  const tracks = compare(album(...before), album(...after), mayHide)?.tracks
  t.strictSame(tracks?.added.map(({ name }) => String(name)) ?? [], added, `${title}: added`)
  t.strictSame(tracks?.removed.map(({ name }) => String(name)) ?? [], removed, `${title}: removed`)
  t.strictSame(tracks?.unknown.map(({ name }) => String(name)) ?? [], unknown, `${title}: unknown`)
  t.strictSame(
    tracks?.changed.map(({ name, fields }) => `${String(name)} ${fields.map(({ field }) => field).join()}`) ?? [],
    changed,
    `${title}: changed`
  )
}

t.equal(compare('{"id":"a","tracks":null}', '{"id":"a"}'), null, 'an album without tracks has none')

import fc from 'fast-check'
import t from 'tap'
import { createCatalogue } from '../../src/sandbox/catalogue/catalogue.ts'
import { type Album, TIERS } from '../../src/sandbox/catalogue/objects.ts'
import { readQuery } from '../../src/sandbox/calls/search-query.ts'
import { type Albums, type Client, idsOf, pages, startClient } from './client.ts'

const DAY = 45
/** Day 45 is the 4th of January 2027. */
const FIRST_NEW_DATE = '2026-12-22'

const named = (text: string) => ({ name }: Album) => name.toLowerCase().includes(text)
const by = (text: string) => ({ artists }: Album) => artists.some(({ name }) => name.toLowerCase().includes(text))
const yearOf = ({ release_date: date }: Album) => date.slice(0, 4)
const from = (first: string, last = first) => (album: Album) => yearOf(album) >= first && yearOf(album) <= last
const on = (text: string) => ({ label = '' }: Album) => label.toLowerCase().includes(text)
const isNew = ({ release_date: date }: Album) => date >= FIRST_NEW_DATE
const anywhere = (text: string) => (album: Album) => named(text)(album) || by(text)(album)
const all = (...tests: Array<(album: Album) => boolean>) => (album: Album) => tests.every((test) => test(album))
const none = () => false

/** Queries, each with a test of the albums that it finds; the tests know nothing of the sandbox's own parser. */
const FOUND: Array<[string, (album: Album) => boolean]> = [
  ['tag:new', isNew],
  ['TAG:NEW', isNew],
  ['tag:"new"', isNew],
  ['label:"Rivers Recordings"', on('rivers recordings')],
  ['label:rivers', on('rivers')],
  ['label:Rivers Recordings', none],
  ['label:nobody', none],
  ['label:mirrors tag:new', all(on('mirrors'), isNew)],
  ['year:2026', from('2026')],
  ['year:2027', from('2027')],
  ['year:2026-2027', from('2026', '2027')],
  ['year:1900-2000', none],
  ['year:2027-2026', none],
  ['year:0000', from('0000')],
  ['year:soon', none],
  ['year:26', none],
  ['artist:"The Golden Rivers"', by('the golden rivers')],
  ['artist:golden', by('golden')],
  ['artist:golden artist:rivers', all(by('golden'), by('rivers'))],
  ['album:golden', named('golden')],
  ['album:"Golden Rivers"', named('golden rivers')],
  ['album:"Rivers Golden"', none],
  ['album:夜に駆ける', named('夜に駆ける')],
  ['album:zo\u00eb', named('zoe\u0308')],
  ['album:golden year:2027', all(named('golden'), from('2027'))],
  ['album:golden artist:the label:recordings tag:new', all(named('golden'), by('the'), on('recordings'), isNew)],
  ['golden', anywhere('golden')],
  ['GOLDEN', anywhere('golden')],
  ['"golden rivers"', anywhere('golden rivers')],
  ['"rivers golden"', none],
  ['rivers golden', all(anywhere('golden'), anywhere('rivers'))],
  ['"album:golden"', none],
  ['golden tag:new', all(anywhere('golden'), isNew)],
  ['tag:hipster', ({ popularity = 100 }) => popularity <= 10],
  ['tag:old', none],
  ['genre:rock', none],
  ['colour:golden', none],
  ['upc:123', none],
]

for (const tier of TIERS) {
  t.test(`${tier} tier`, async (t) => {
    const client = await startClient(t, { tier, day: DAY })
    const { catalogue } = client.app.sandbox
    for (const [query, is] of FOUND) {
      t.test(query, async (t) => {
        const albums = catalogue.listed.map((id) => catalogue.album(id)).filter((album) => album !== undefined)
        // a date that is not a whole one does not say whether the album is new
        const isJudged = (album: Album) => !/tag:"?new/i.test(query) || album.release_date_precision === 'day'
        const expected = albums.filter((album) => isJudged(album) && is(album)).map(({ id }) => id)
        const judged = new Set(albums.filter(isJudged).map(({ id }) => id))
        t.equal(expected.length === 0, is === none, 'the row finds something, unless it says that it does not')
        t.strictSame((await search(client, query)).filter((id) => judged.has(id)), expected)
      })
    }
  })
}

t.test('pages of any size give the same albums in the same order, each once', async (t) => {
  const client = await startClient(t, { tier: 'extended', day: 5 })
  for (const query of ['tag:new', 'the', 'label:recordings year:2026']) {
    const whole = await search(client, query)
    t.equal(new Set(whole).size, whole.length)
    for (const limit of [1, 7, 50]) t.strictSame(await search(client, query, limit), whole, `${query}, ${limit} a page`)
  }
})

t.test('a search shows 1,000 albums at most, ends with next null, and still counts the others', async (t) => {
  const client = await startClient(t, { tier: 'extended', albums: 1600 })
  for (const query of ['tag:new', 'year:2026', 'label:recordings']) {
    const found = await pages(client, pathOf(query, 50), (body: Albums) => body.albums)
    t.equal(new Set(found.flatMap(idsOf)).size, 1000, query)
    t.equal(found.length, 20)
    t.strictSame(found.filter(({ total, offset, items }) => total <= offset + items.length), [])
    t.equal(found.at(-1)?.next, null)
  }
})

t.test('any text is a query that can be answered', async () => {
  const fields = createCatalogue(1, 1).searchFields(createCatalogue(1, 1).ids[0] ?? '')
  const start = fc.constantFrom('', 'album:', 'artist:', 'label:', 'year:', 'tag:', 'upc:', 'x:', '"')
  const term = fc.tuple(start, fc.string()).map((both) => both.join(''))
  fc.assert(fc.property(fc.array(term, { maxLength: 5 }), (terms) => {
    const { tests } = readQuery(terms.join(' '))
    return fields !== undefined && tests.every((test) => typeof test(fields) === 'boolean')
  }))
})

function pathOf (query: string, limit: number): string {
  return `/search?q=${encodeURIComponent(query)}&type=album&limit=${limit}`
}

async function search (client: Client, query: string, pageSize?: number): Promise<string[]> {
  const limit = pageSize ?? (client.view.tier === 'extended' ? 50 : 10)
  const found = await pages(client, pathOf(query, limit), (body: Albums) => body.albums)
  return found.flatMap(({ items }) => items.map(({ id }) => id))
}

import { XMLParser, XMLValidator } from 'fast-xml-parser'
import fc from 'fast-check'
import t from 'tap'
import { atomFeed, feedTag, jsonFeed } from '../../../src/services/releases/feed.ts'
import type { Release } from '../../../src/services/store/release-store.ts'
import type { FeedState } from '../../../src/services/releases/releases.ts'
import { validateJsonFeed } from './json-feed.ts'

const LINKS = { home: 'https://music.example/ingest/', feed: 'https://music.example/ingest/releases.atom?a=1&b=2' }
const parser = new XMLParser({
  ignoreAttributes: false,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => name === 'entry' || name === 'author' || name === 'link',
})

interface Entry {
  id: string
  title: { '#text': string }
  updated: string
  published: string
  link: Array<{ '@_href': string }>
  author?: Array<{ name: string }>
}
interface Atom {
  feed: {
    id: string
    title: string
    updated: string
    author: Array<{ name: string }>
    link: Array<{ '@_rel': string, '@_href': string }>
    entry?: Entry[]
  }
}

function parseAtom (xml: string): Atom['feed'] {
  const isValid = XMLValidator.validate(xml)
  if (isValid !== true) throw new Error(isValid.err.msg)
  return (parser.parse(xml) as Atom).feed
}

function release (seq: number, name: string | null = 'Album', artist = 'Artist'): Release {
  const content = {
    name,
    artists: [{ id: null, name: artist }],
    releaseDate: '2026-11-20',
    url: null,
    imageUrl: 'https://i.scdn.co/a',
  }
  return { seq, albumId: `id${seq}`, firstSeenMs: 1000 * seq, runId: 'r', content, isDamaged: false }
}

function stateOf (...releases: Release[]): FeedState {
  return { releases, modifiedMs: null }
}

t.test('an Atom feed has what RFC 4287 requires, and links to itself, the service and Spotify', async (t) => {
  const feed = parseAtom(await atomFeed(stateOf(release(2), release(1)), LINKS))
  t.equal(feed.id, LINKS.feed)
  t.equal(feed.updated, '1970-01-01T00:00:02.000Z')
  t.ok(feed.title.length > 0 && feed.author[0]?.name)
  t.same(feed.link.map((link) => [link['@_rel'], link['@_href']]), [['alternate', LINKS.home], ['self', LINKS.feed]])
  t.same(feed.entry?.map(({ id }) => id), ['spotify:album:id2', 'spotify:album:id1'])
  t.match(feed.entry?.[0], {
    updated: '1970-01-01T00:00:02.000Z',
    published: '1970-01-01T00:00:02.000Z',
    link: [{ '@_href': 'https://open.spotify.com/album/id2' }],
    author: [{ name: 'Artist' }],
  })
})

t.test('a feed without releases is a whole feed', async (t) => {
  t.equal(parseAtom(await atomFeed(stateOf(), LINKS)).entry, undefined)
  const json = JSON.parse(await jsonFeed(stateOf(), LINKS)) as { items: object[] }
  t.equal(validateJsonFeed(json), null)
  t.same(json.items, [])
})

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' }
const fromHtml = (html: string): string => html.replaceAll(/&(?:amp|lt|gt|quot);/g, (entity) => ENTITIES[entity] ?? '')

const forXml = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- what XML cannot have
  text.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD').replaceAll(/\r\n?/g, '\n')
const name = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc.constantFrom('a & b &amp; c', ']]>', '<script>alert(1)</script>', '"x"', '\u0001\u000B', '\r\n x')
  )
  .filter((text) => text.trim() !== '')

t.test('any name comes through both feeds as it was, but for what XML cannot hold', async (t) => {
  await fc.assert(fc.asyncProperty(name, name, async (album, artist) => {
    const state = stateOf(release(1, album, artist))
    const [entry] = parseAtom(await atomFeed(state, LINKS)).entry ?? []
    if (fromHtml(entry?.title['#text'] ?? '') !== forXml(album)) {
      throw new Error(`title ${JSON.stringify(entry?.title)}`)
    }
    if (entry?.author?.[0]?.name !== forXml(artist)) throw new Error(`author ${JSON.stringify(entry?.author)}`)
    const json = JSON.parse(await jsonFeed(state, LINKS)) as { items: Array<{ title: string, authors: object[] }> }
    const violation = validateJsonFeed(json)
    if (violation !== null) throw new Error(violation)
    t.strictSame([json.items[0]?.title, json.items[0]?.authors], [album, [{ name: artist }]])
  }), { numRuns: 200 })
})

t.test('a release without a name is shown by its id', async (t) => {
  for (const empty of [null, '', ' ']) {
    t.equal(parseAtom(await atomFeed(stateOf(release(1, empty)), LINKS)).entry?.[0]?.title['#text'], 'id1')
  }
})

t.test('the tag changes with releases, kind and links, and with nothing else', async (t) => {
  const state = stateOf(release(2), release(1))
  const tags = [
    feedTag(state, 'atom', LINKS),
    feedTag(state, 'json', LINKS),
    feedTag(state, 'atom', { ...LINKS, home: 'https://other.example/' }),
    feedTag(stateOf(release(2)), 'atom', LINKS),
    feedTag(stateOf(release(3), release(2), release(1)), 'atom', LINKS),
  ]
  t.equal(new Set(tags).size, tags.length)
  t.equal(feedTag({ ...state, modifiedMs: 5 }, 'atom', LINKS), tags[0])
  for (const tag of tags) t.match(tag, /^"[\w-]{27}"$/)
})

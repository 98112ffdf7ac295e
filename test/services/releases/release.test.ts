import t from 'tap'
import { contentOf } from '../../../src/services/releases/release.ts'

const NOTHING = { name: null, artists: [], releaseDate: null, url: null, imageUrl: null }

t.strictSame(contentOf({
  id: 'a',
  name: 'Album',
  artists: [{ id: 'x', name: 'X', type: 'artist' }, { name: 'Y' }],
  release_date: '2026-11',
  external_urls: { spotify: 'https://open.spotify.com/album/a' },
  images: [{ url: 'https://i.scdn.co/large' }, { url: 'https://i.scdn.co/small' }],
}), {
  name: 'Album',
  artists: [{ id: 'x', name: 'X' }, { id: null, name: 'Y' }],
  releaseDate: '2026-11',
  url: 'https://open.spotify.com/album/a',
  imageUrl: 'https://i.scdn.co/large',
})

const ODD: Array<[title: string, album: unknown, expected: object]> = [
  ['nothing', {}, {}],
  ['no album', null, {}],
  ['other types', { name: 7, artists: 'x', release_date: {}, external_urls: [], images: {} }, {}],
  ['null in lists', { artists: [null], images: [null] }, { artists: [{ id: null, name: null }] }],
  [
    'a script for a link',
    { external_urls: { spotify: 'javascript:alert(1)' }, images: [{ url: 'data:text/html,x' }] },
    {},
  ],
  ['no link', { external_urls: { spotify: 'open.spotify.com/album/a' } }, {}],
  ['a long link', { external_urls: { spotify: `https://a/${'b'.repeat(2000)}` } }, {}],
  ['a long name', { name: 'x'.repeat(10_000) }, { name: 'x'.repeat(500) }],
  [
    'many artists',
    { artists: Array.from({ length: 1000 }, () => ({})) },
    { artists: Array.from({ length: 20 }, () => ({ id: null, name: null })) },
  ],
  ['what a database cannot hold', { name: 'a\0b\uD800c😀' }, { name: 'a\uFFFDb\uFFFDc😀' }],
]
for (const [title, album, expected] of ODD) t.strictSame(contentOf(album), { ...NOTHING, ...expected }, title)

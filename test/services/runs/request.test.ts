import { Ajv } from 'ajv'
import t from 'tap'
import { type FieldName, IngestBody } from '../../../src/schemas/ingest-body.ts'
import type { RunRequest } from '../../../src/schemas/run.ts'
import { completeRequest } from '../../../src/services/runs/request.ts'

const ALBUM = '4aawyAB9vmqN3uQ7FjRGTy'
const OTHER = '32nryzA6XBCX9ZUspVc1yz'
const DEFAULTS: RunRequest = { source: 'auto', limit: 100, pagination: 'next', market: null, refresh: false }
const isBody = new Ajv().compile(IngestBody)

const GOOD: Array<[string, IngestBody, RunRequest]> = [
  ['nothing: 100 new releases', {}, DEFAULTS],
  ['every default spelled out', { source: 'auto', limit: 100, pagination: 'next', refresh: false }, DEFAULTS],
  ['one album', { limit: 1 }, { ...DEFAULTS, limit: 1 }],
  ['as many as allowed', { limit: 1000 }, { ...DEFAULTS, limit: 1000 }],
  ['counting', { pagination: 'offset' }, { ...DEFAULTS, pagination: 'offset' }],
  ['a market', { market: 'DE' }, { ...DEFAULTS, market: 'DE' }],
  ['afresh', { refresh: true }, { ...DEFAULTS, refresh: true }],
  ['new releases', { source: 'new-releases' }, { ...DEFAULTS, source: 'new-releases' }],
  ['search', { source: 'search' }, { ...DEFAULTS, source: 'search' }],
  [
    'search by a query',
    { source: 'search', query: 'genre:jazz' },
    { ...DEFAULTS, source: 'search', query: 'genre:jazz' },
  ],
  [
    'artists',
    { source: 'artists', artistIds: [ALBUM], limit: 5 },
    { ...DEFAULTS, source: 'artists', limit: 5, artistIds: [ALBUM] },
  ],
  [
    'albums: exactly those',
    { source: 'albums', albumIds: [ALBUM, OTHER] },
    { ...DEFAULTS, source: 'albums', limit: 2, albumIds: [ALBUM, OTHER] },
  ],
  [
    'an album twice is one',
    { source: 'albums', albumIds: [ALBUM, `spotify:album:${ALBUM}`, OTHER] },
    { ...DEFAULTS, source: 'albums', limit: 2, albumIds: [ALBUM, OTHER] },
  ],
]
for (const [title, body, request] of GOOD) {
  t.test(`a good request: ${title}`, async (t) => {
    t.equal(isBody(body), true)
    t.strictSame(completeRequest(body, 1000), request)
  })
}

t.test('without a limit, MAX_ALBUMS_PER_RUN below 100 is the limit', async (t) => {
  t.equal(completeRequest({}, 30).limit, 30)
})

t.test('the same request in another order of its fields is the same request', async (t) => {
  const one: IngestBody = { source: 'search', query: 'x', limit: 5, market: 'DE' }
  const other: IngestBody = { market: 'DE', limit: 5, query: 'x', source: 'search' }
  t.equal(JSON.stringify(completeRequest(one, 1000)), JSON.stringify(completeRequest(other, 1000)))
})

const MANY_ALBUMS = Array.from({ length: 1001 }, (_, i) => String(i).padStart(22, 'a'))

const BAD: Array<[title: string, IngestBody, field: FieldName, RegExp]> = [
  ['more than allowed', { limit: 1001 }, 'limit', /1001 albums.*MAX_ALBUMS_PER_RUN.*1000/],
  ['more albums than allowed', { source: 'albums', albumIds: MANY_ALBUMS }, 'albumIds',
    /1001 albums.*MAX_ALBUMS_PER_RUN/],
  ['a limit with albums', { source: 'albums', albumIds: [ALBUM], limit: 1 }, 'limit', /limit.*albumIds/],
  ['albums without ids', { source: 'albums' }, 'albumIds', /albumIds/],
  ['artists without ids', { source: 'artists' }, 'artistIds', /artistIds/],
  ['a query without search', { query: 'x' }, 'query', /query.*"search".*"auto"/],
  ['a query with new releases', { source: 'new-releases', query: 'x' }, 'query', /query/],
  ['artists without their source', { artistIds: [ALBUM] }, 'artistIds', /artistIds.*"artists"/],
  ['albums without their source', { albumIds: [ALBUM] }, 'albumIds', /albumIds.*"albums"/],
  ['albums with artists', { source: 'artists', artistIds: [ALBUM], albumIds: [ALBUM] }, 'albumIds', /albumIds/],
]
for (const [title, body, field, message] of BAD) {
  t.test(`a bad request: ${title}, and what to change`, async (t) => {
    t.throws(() => completeRequest(body, 1000), { code: 'invalid_request', field, message })
  })
}

const REFERENCES: string[] = [
  ALBUM,
  `spotify:album:${ALBUM}`,
  `https://open.spotify.com/album/${ALBUM}`,
  `https://open.spotify.com/album/${ALBUM}?si=xIhHrTbNQ6mA1&utm_source=copy-link`,
  `https://open.spotify.com/intl-de/album/${ALBUM}?si=a/b:c`,
]
for (const reference of REFERENCES) {
  t.test(`${reference} is the album ${ALBUM}`, async (t) => {
    const body: IngestBody = { source: 'albums', albumIds: [reference] }
    t.equal(isBody(body), true)
    t.same(completeRequest(body, 1000).albumIds, [ALBUM])
    const asArtist = { source: 'artists' as const, artistIds: [reference.replace('album', 'artist')] }
    t.equal(isBody(asArtist), true)
    t.same(completeRequest(asArtist, 1000).artistIds, [ALBUM])
  })
}

const NO_BODIES: Array<[string, unknown]> = [
  ['an unknown field', { limits: 5 }],
  ['an unknown source', { source: 'charts' }],
  ['no albums', { limit: 0 }],
  ['a negative limit', { limit: -1 }],
  ['a limit that is no whole number', { limit: 1.5 }],
  ['a limit that is a text', { limit: '5' }],
  ['a limit that is null', { limit: null }],
  ['another pagination', { pagination: 'cursor' }],
  ['a market in small letters', { market: 'de' }],
  ['a market of three letters', { market: 'DEU' }],
  ['an empty market', { market: '' }],
  ['an empty query', { source: 'search', query: '' }],
  ['a query without an end', { source: 'search', query: 'x'.repeat(251) }],
  ['refresh as a text', { refresh: 'true' }],
  ['no ids', { source: 'albums', albumIds: [] }],
  ['ids as one text', { source: 'albums', albumIds: ALBUM }],
  ['an id that is too short', { source: 'albums', albumIds: [ALBUM.slice(1)] }],
  ['an id that is too long', { source: 'albums', albumIds: [`${ALBUM}x`] }],
  ['an id with a sign', { source: 'albums', albumIds: [`${ALBUM.slice(1)}-`] }],
  ['an id with a line feed', { source: 'albums', albumIds: [`${ALBUM}\n`] }],
  ['the URI of an artist for an album', { source: 'albums', albumIds: [`spotify:artist:${ALBUM}`] }],
  ['the link of a track for an album', { source: 'albums', albumIds: [`https://open.spotify.com/track/${ALBUM}`] }],
  ['a link of another site', { source: 'albums', albumIds: [`https://evil.example/album/${ALBUM}`] }],
  ['a link over plain http', { source: 'albums', albumIds: [`http://open.spotify.com/album/${ALBUM}`] }],
  ['a link that goes on', { source: 'albums', albumIds: [`https://open.spotify.com/album/${ALBUM}/../x`] }],
  ['over 1000 albums', { source: 'albums', albumIds: Array.from({ length: 1001 }, () => ALBUM) }],
  ['over 50 artists', { source: 'artists', artistIds: Array.from({ length: 51 }, () => ALBUM) }],
  ['a list', []],
  ['a text', 'auto'],
]
for (const [title, body] of NO_BODIES) {
  t.test(`no body: ${title}`, async (t) => t.equal(isBody(body), false))
}

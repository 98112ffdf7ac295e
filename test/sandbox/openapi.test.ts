import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import t from 'tap'
import { parse } from 'yaml'
import { TIERS, type Tier } from '../../src/sandbox/catalogue/objects.ts'
import { BASIC, type Client, FORM, pages, startClient, type Albums, UNKNOWN_ID } from './client.ts'

const FOLDER = resolve(process.cwd(), '../shared/spotify')
const DOCUMENT = resolve(FOLDER, 'openapi.yml')
const present = existsSync(DOCUMENT) || process.env['CI'] === 'true'
const skip = present ? false : `${DOCUMENT} is not here`

interface Schema { required?: string[], allOf?: Schema[], [keyword: string]: unknown }
interface OpenApi { components: { schemas: Record<string, Schema>, responses: Record<string, object> } }

/**
 * What a development-mode app does not get any more (Spotify's changelog of February 2026), though the document
 * requires it.
 */
const ABSENT_IN_DEVELOPMENT: Array<[string, string[]]> = [
  ['AlbumBase', ['available_markets']],
  ['AlbumObject', ['label', 'popularity']],
  ['ArtistDiscographyAlbumObject', ['album_group']],
]

/** Where the document is stricter than Spotify, which sends null in these places. Each with what was seen. */
const NULL_WAS_SEEN: Array<[string, string]> = [
  ['components/schemas/AlbumBase/properties/images', 'albums without a cover'],
  [
    'components/responses/ManyAlbums/content/application~1json/schema/properties/albums/items',
    'an unknown id in a batch; the document says so for audiobooks only',
  ],
]

/** The document, amended by the two lists. Ajv knows OpenAPI's `nullable`. */
function amended (tier: Tier): OpenApi {
  const document = parse(readFileSync(DOCUMENT, 'utf8')) as OpenApi
  if (tier === 'development') {
    for (const [name, fields] of ABSENT_IN_DEVELOPMENT) {
      for (const schema of partsOf(document.components.schemas[name])) {
        schema.required = schema.required?.filter((field) => !fields.includes(field)) ?? []
      }
    }
  }
  for (const [path] of NULL_WAS_SEEN) {
    const steps = path.split('/').map((step) => step.replace('~1', '/'))
    const last = steps.pop() ?? ''
    // a path may lead through any part of the document
    const parent = steps.reduce((node, step) => node[step] as Schema, document as unknown as Schema)
    parent[last] = { anyOf: [parent[last], { type: 'null' }] }
  }
  return document
}

function partsOf (schema: Schema = {}): Schema[] {
  return [schema, ...schema.allOf ?? []]
}

/** A check of one of the document's responses. */
function responses (tier: Tier): (name: string) => ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(amended(tier), 'spotify')
  return (name) => ajv.compile({ $ref: `spotify#/components/responses/${name}/content/application~1json/schema` })
}

/** Each call of an endpoint, and the response of the document that its body must be. */
async function answersOf (client: Client): Promise<Array<[string, string, unknown]>> {
  const { ids } = client.app.sandbox.catalogue
  const read = async (response: string, path: string): Promise<[string, string, unknown]> => [
    response,
    path,
    (await client.get(path)).body,
  ]
  const listed = await pages(
    client,
    `/search?q=tag:new&type=album&limit=${client.view.tier === 'extended' ? 50 : 10}`,
    (body: Albums) => body.albums
  )
  const found = listed.map((page): [string, string, unknown] => ['SearchItems', page.href, { albums: page }])
  found.push(await read('SearchItems', '/search?q=nothing&type=album,track,artist,playlist,show,episode,audiobook'))
  for (const id of ids) found.push(await read('OneAlbum', `/albums/${id}`))
  for (const id of ids.slice(0, 60)) {
    found.push(await read('PagingSimplifiedTrackObject', `/albums/${id}/tracks?limit=50&market=US`))
  }
  for (const { id } of client.app.sandbox.catalogue.artists()) {
    found.push(await read('PagingArtistDiscographyAlbumObject', `/artists/${id}/albums`))
  }
  if (client.view.tier === 'development') return found
  for (const offset of [0, 50]) found.push(await read('PagedAlbums', `/browse/new-releases?limit=50&offset=${offset}`))
  for (let start = 0; start < ids.length; start += 19) {
    found.push(await read('ManyAlbums', `/albums?ids=${[...ids.slice(start, start + 19), UNKNOWN_ID].join(',')}`))
  }
  return found
}

for (const tier of TIERS) {
  t.test(`${tier} tier: every answer is as Spotify's OpenAPI document says`, { skip }, async (t) => {
    const client = await startClient(t, { tier })
    const check = responses(tier)
    const answers = await answersOf(client)
    for (const name of new Set(answers.map(([response]) => response))) {
      const validate = check(name)
      const broken = answers
        .filter(([response, , body]) => response === name && !validate(body))
        .map(([, path]) => path)
      t.strictSame(broken, [], name)
    }
  })
}

t.test('the checks can fail: a full answer without a field is refused', { skip }, async (t) => {
  const client = await startClient(t, { tier: 'development' })
  const album = (await client.get(`/albums/${client.app.sandbox.catalogue.ids[0]}`)).body
  t.equal(responses('development')('OneAlbum')(album), true)
  t.equal(responses('extended')('OneAlbum')(album), false)
})

t.test('refusals are the error bodies of the document', { skip }, async (t) => {
  const client = await startClient(t, { rateLimit: { calls: 2 } })
  const check = responses('development')
  t.ok(check('Unauthorized')((await client.get('/search', { authorization: '' })).body))
  t.ok(check('Forbidden')((await client.get('/browse/new-releases')).body))
  t.ok(check('TooManyRequests')((await client.get('/search')).body))
})

/** Recorded error bodies and the fault, or the call, that answers the same. */
const RECORDED: Array<[string, (client: Client) => Promise<{ text: string, body: unknown }>]> = [
  ['08-error-429-quota-exceeded.json', (client) => faulty(client, 'quota')],
  ['09-error-429-rate-limit.json', (client) => faulty(client, 'rate-limit')],
  ['09b-error-429-plaintext.txt', (client) => faulty(client, 'rate-limit-text')],
  ['10-error-401-2026.json', (client) => client.get('/search', { authorization: '' })],
  ['11-error-403-devmode-forbidden.json', (client) => client.get('/browse/new-releases')],
  ['11b-error-403-owner-not-premium.txt', (client) => faulty(client, 'premium')],
  ['13-token-invalid-client.json', (client) => client.send('POST', '/api/token', '', { authorization: 'Basic eDp5' })],
  ['13b-token-no-credentials.json', (client) => client.send('POST', '/api/token', '', FORM)],
  ['14-error-400-invalid-limit.json', (client) => client.get('/search?q=x&type=album&limit=11')],
  ['15-error-502.json', (client) => faulty(client, 'server-error-json')],
]
for (const [file, call] of RECORDED) {
  t.test(`the same as recorded: ${file}`, { skip }, async (t) => {
    const client = await startClient(t)
    const recorded = readFileSync(resolve(FOLDER, 'recorded', file), 'utf8')
    const { text, body } = await call(client)
    if (file.endsWith('.txt')) t.equal(text, recorded)
    else t.strictSame(body, JSON.parse(recorded))
  })
}

t.test('fields are those of recorded answers', { skip }, async (t) => {
  const client = await startClient(t, { tier: 'extended' })
  const { ids } = client.app.sandbox.catalogue
  const recorded = (file: string) => JSON.parse(readFileSync(resolve(FOLDER, 'recorded', file), 'utf8')) as unknown
  for (const [file, path] of [
    ['01-album-full.json', `/albums/${ids[0]}`],
    ['02-album-full-over-50-tracks.json', `/albums/${ids[8]}`],
    ['03-album-tracks-page2.json', `/albums/${ids[8]}/tracks?offset=50`],
    ['04-search-album-page.json', '/search?q=tag:new&type=album'],
    ['07-new-releases-page.json', '/browse/new-releases'],
  ] as const) {
    t.strictSame(shapeOf((await client.get(path)).body), shapeOf(recorded(file)), file)
  }
  const token = await client.send('POST', '/api/token', 'grant_type=client_credentials', {
    ...FORM,
    authorization: BASIC,
  })
  t.strictSame(shapeOf(token.body), shapeOf(recorded('12-token-ok.json')))
})

async function faulty (
  client: Client,
  kind: 'quota' | 'rate-limit' | 'rate-limit-text' | 'premium' | 'server-error-json'
) {
  client.app.sandbox.change({ faults: [{ kind }] })
  return client.get('/search?q=x&type=album')
}

/** The names of all fields, of the first item in lists of objects. */
function shapeOf (value: unknown): unknown {
  if (Array.isArray(value)) return typeof value[0] === 'object' ? [shapeOf(value[0])] : []
  if (typeof value !== 'object' || value === null) return null
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
}

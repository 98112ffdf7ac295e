import fc from 'fast-check'
import t from 'tap'
import { createCatalogue } from '../../../src/sandbox/catalogue/catalogue.ts'
import { drawCover, readCoverName } from '../../../src/sandbox/catalogue/covers.ts'
import { type Image, TIERS } from '../../../src/sandbox/catalogue/objects.ts'
import { type Albums, type Client, pages, startClient } from '../client.ts'

const MAX_BYTES = 4000
const TAG = /^<(\/?)([A-Za-z]+)((?: [\w:-]+="[^"<&]*")*)(\/?)>$/
const WIDTHS = [640, 320, 300, 160, 64]

const ids = fc.stringMatching(/^[0-7][0-9A-Za-z]{21}$/)

t.test('every cover is small, well-formed SVG without text and script, the same for the same id', async () => {
  fc.assert(fc.property(ids, fc.constantFrom(...WIDTHS), (id, width) => {
    const svg = drawCover(id, width)
    return isWellFormed(svg) &&
      svg.startsWith(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${width}" `) &&
      !/<(text|script|image|style|foreignObject)|NaN|undefined|Infinity/.test(svg) &&
      Buffer.byteLength(svg) < MAX_BYTES && svg === drawCover(id, width)
  }), { numRuns: 500 })
})

const BROKEN = [
  '<svg><g></svg>', '<svg>', '<svg a=1/>', '<svg a="1" a="2"/>', '<svg>&</svg>', '<svg/><svg/>', '<svg a="<"/>',
]
for (const text of BROKEN) t.test(`the check of SVG can fail: ${text}`, async (t) => t.notOk(isWellFormed(text)))

t.test('covers differ: no two albums of a catalogue share one', async (t) => {
  const covers = createCatalogue(1, 300).ids.map((id) => drawCover(id, 64))
  t.equal(new Set(covers).size, 300)
})

for (const tier of TIERS) {
  t.test(`${tier} tier: every image of an album is served by the sandbox, on the origin that was called`, async (t) => {
    const client = await startClient(t, { tier })
    const limit = tier === 'extended' ? 50 : 10
    const listed = await pages(client, `/search?q=tag:new&type=album&limit=${limit}`, (body: Albums) => body.albums)
    const images = listed.flatMap(({ items }) => items.map((album) => album.images))
    t.equal(images.filter((list) => list === null).length, 1, 'images that are null stay null')
    t.equal(images.filter((list) => list?.length === 0).length, 1, 'and those that are none stay none')
    const sizeOf = ({ width, height }: Image) => `${width} ${height}`
    const sizes = new Set(images.flatMap((list) => list?.map(sizeOf).join() ?? []))
    t.strictSame([...sizes].sort(), ['', '640 640,300 300,64 64', 'null null,null null,null null'])
    const urls = images.flatMap((list) => list?.map(({ url }) => url) ?? [])
    t.equal(new Set(urls).size, urls.length)
    client.app.sandbox.resetStats()
    for (const url of urls.slice(0, 60)) {
      t.match(url, new RegExp(`^${client.origin}/sandbox/covers/\\w{22}-\\d+\\.svg$`))
      const reply = await fetchCover(client, url)
      t.strictSame([reply.status, reply.headers['content-type']], [200, 'image/svg+xml'])
      t.match(reply.headers['cache-control'], /^public, max-age=\d+, immutable$/)
      t.ok(isWellFormed(reply.text))
    }
    t.equal(client.app.sandbox.stats().calls, 0, 'a cover is no call of the API')
  })
}

t.test('albums and artists have the same image on every day', async (t) => {
  const client = await startClient(t)
  const { catalogue } = client.app.sandbox
  const [artist] = catalogue.artists()
  const paths = [`/sandbox/covers/${catalogue.ids[0]}-300.svg`, `/sandbox/covers/${artist?.id}-320.svg`]
  const before = await Promise.all(paths.map((path) => fetchCover(client, client.origin + path)))
  client.app.sandbox.change({ day: 20 })
  const after = await Promise.all(paths.map((path) => fetchCover(client, client.origin + path)))
  t.strictSame(after.map(({ status, text }) => [status, text]), before.map(({ text }) => [200, text]))
})

t.test('links to covers are on the host that was called', async (t) => {
  const client = await startClient(t)
  const reply = await client.get<Albums>('/search?q=tag:new&type=album', { host: 'spotify.test:81' })
  const [url] = reply.body.albums.items.flatMap(({ images }) => images ?? []).map((image) => image.url)
  t.match(url, /^http:\/\/spotify\.test:81\/sandbox\/covers\//)
})

const NAMES: Array<[string, boolean]> = [
  [`${'a'.repeat(22)}-640.svg`, true],
  [`${'a'.repeat(22)}-64.svg`, true],
  [`${'a'.repeat(22)}-65.svg`, false],
  [`${'a'.repeat(22)}-0640.svg`, false],
  [`${'a'.repeat(22)}-640.png`, false],
  [`${'a'.repeat(22)}-640.svg.svg`, false],
  [`${'a'.repeat(21)}-640.svg`, false],
  [`${'a'.repeat(21)}"-640.svg`, false],
  ['-640.svg', false],
  ['', false],
]
t.test('a name that no cover has is answered 404', async (t) => {
  const client = await startClient(t)
  for (const [name, isCover] of NAMES) {
    t.equal(readCoverName(name) !== undefined, isCover, name)
    const reply = await fetchCover(client, `${client.origin}/sandbox/covers/${encodeURIComponent(name)}`)
    t.equal(reply.status, isCover ? 200 : 404, name)
  }
})

/** As a page loads it: without a token. */
async function fetchCover (client: Client, url: string) {
  return client.send('GET', url.slice(client.origin.length))
}

/** Tests whether a text is one XML element without text, closed in order, its attributes quoted and not repeated. */
function isWellFormed (text: string): boolean {
  const tags = text.match(/<[^>]*>/g) ?? []
  if (tags.join('') !== text) return false
  const open: string[] = []
  for (const [index, tag] of tags.entries()) {
    const [, close, name = '', attributes = '', empty] = TAG.exec(tag) ?? []
    if (name === '' || (index > 0 && open.length === 0)) return false
    const names = attributes.match(/[\w:-]+(?==")/g) ?? []
    if (new Set(names).size !== names.length) return false
    if (close === '/' && open.pop() !== name) return false
    if (close === '' && empty === '') open.push(name)
  }
  return tags.length > 0 && open.length === 0
}

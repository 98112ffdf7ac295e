import type { Catalogue } from './catalogue.ts'
import { createId } from './ids.ts'
import type { Page, SimplifiedAlbum, Track, View } from './objects.ts'
import { linkBehind } from './paging.ts'
import { hashText, mix } from './random.ts'

/** Fills a page with items that no catalogue has, and sets `next`. Invented albums are old, and 404 by their ids. */
export function fillWithInvented (
  page: Page<unknown>, item: 'album' | 'track', catalogue: Catalogue, view: View
): void {
  const { origin, pathname } = new URL(page.href)
  const template = item === 'album' ? albumTemplate(catalogue, view) : trackTemplate(catalogue, view)
  if (template === undefined) return
  const pathHash = hashText(pathname)
  for (let place = page.items.length; place < page.limit; place++) {
    const id = createId(catalogue.seed, 'invented', mix(pathHash, page.offset + place))
    const name = `Invented ${page.offset + place + 1}`
    page.items.push({ ...template, id, name, href: `${origin}/v1/${item}s/${id}`, uri: `spotify:${item}:${id}` })
  }
  page.next = linkBehind(page)
}

function albumTemplate (catalogue: Catalogue, view: View): SimplifiedAlbum | undefined {
  const album = catalogue.summary(catalogue.ids[0] ?? '', view)
  return album && { ...album, release_date: '1900', release_date_precision: 'year' }
}

function trackTemplate (catalogue: Catalogue, view: View): Track | undefined {
  return catalogue.tracks(catalogue.ids[0] ?? '', view, { offset: 0, limit: 1 })[0]
}

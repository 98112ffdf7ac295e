import type { Page, View } from './objects.ts'

export interface Window {
  readonly offset: number
  readonly limit: number
}

/** The URL of a page, in the order in which Spotify writes its parameters. */
export function pageLink (view: View, path: string, window: Window, parameters: Readonly<Record<string, string>> = {}): string {
  const market = view.market === null ? {} : { market: view.market }
  const query = Object.entries({ ...parameters, ...market }).map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('')
  return `${view.apiUrl}${path}?offset=${window.offset}&limit=${window.limit}${query}&locale=${encodeURIComponent(view.locale)}`
}

/**
 * One page of a listing (Spotify reference: PagingObject). `reachable` is where `next` ends; `total` is what the page says, which in
 * Spotify's search is another matter.
 */
export function createPage<Item> (items: Item[], window: Window, reachable: number, total: number, link: (window: Window) => string): Page<Item> {
  const { offset, limit } = window
  return {
    href: link(window),
    limit,
    next: offset + limit < reachable ? link({ offset: offset + limit, limit }) : null,
    offset,
    previous: offset > 0 ? link({ offset: Math.max(0, offset - limit), limit }) : null,
    total,
    items,
  }
}

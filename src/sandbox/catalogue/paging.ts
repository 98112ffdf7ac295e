import type { Page, View } from './objects.ts'

export interface Window {
  readonly offset: number
  readonly limit: number
}

/** Returns the URL of a page, its parameters in Spotify's order. */
export function pageLink (
  view: View, path: string, { offset, limit }: Window, parameters: Readonly<Record<string, string>> = {}
): string {
  const market = view.market === null ? {} : { market: view.market }
  const query = Object.entries({ offset, limit, ...parameters, ...market, locale: view.locale })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return `${view.apiUrl}${path}?${query.join('&')}`
}

/** Returns the URL of the page behind this one, whether there is one or not. */
export function linkBehind ({ href, offset, limit }: Page<unknown>): string {
  return href.replace(/offset=\d+/, `offset=${offset + limit}`)
}

/**
 * Creates one page of a listing (Spotify reference: PagingObject). `next` ends at `reachable`; `total` is what the page
 * claims, which differs in Spotify's search.
 */
export function createPage<Item> (
  items: Item[], window: Window, reachable: number, total: number, link: (window: Window) => string
): Page<Item> {
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

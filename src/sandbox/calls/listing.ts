import type { ApiCall } from './api-call.ts'
import type { Page, SimplifiedAlbum } from '../catalogue/objects.ts'
import { createPage, pageLink, type Window } from '../catalogue/paging.ts'

export interface Listing {
  readonly path: string
  /** The parameters of its links, in addition to offset, limit, market and locale. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly ids: readonly string[]
  /** The number of items that `next` leads to, if that is not all of them. */
  readonly reachable?: number
  readonly total: number
  render (id: string): SimplifiedAlbum | undefined
}

/** Returns the page of a listing of albums that a call asked for. */
export function listAlbums (call: ApiCall, listing: Listing, window: Window): Page<SimplifiedAlbum> {
  const ids = call.shifting ? shiftedIds(listing.ids, window) : idsIn(listing.ids, window)
  const reachable = Math.min(listing.reachable ?? Infinity, listing.ids.length)
  const link = (other: Window) => pageLink(call.view, listing.path, other, listing.parameters)
  return createPage(ids.flatMap((id) => listing.render(id) ?? []), window, reachable, listing.total, link)
}

function idsIn (ids: readonly string[], { offset, limit }: Window): string[] {
  return ids.slice(offset, offset + limit)
}

/** Swaps two albums across the page border, as a shift between two calls does: one comes twice, the other never. */
function shiftedIds (ids: readonly string[], window: Window): string[] {
  const [, ...rest] = idsIn(ids, window)
  const previous = ids[window.offset - 1]
  return previous === undefined || window.offset >= ids.length ? idsIn(ids, window) : [previous, ...rest]
}

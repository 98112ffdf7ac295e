import type { RunRequest } from '../../schemas/run.ts'
import { amountText } from '../text.ts'

/** A request in a few words, as the title of its run. */
export function requestTitle ({ source, limit, query, artistIds = [], albumIds = [], market }: RunRequest): string {
  const where = market === null ? '' : `, ${market}`
  switch (source) {
    case 'auto': return `${amountText(limit, 'newest album')}${where}`
    case 'new-releases': return `${amountText(limit, 'new release')}${where}`
    case 'search': return `Search “${query ?? 'tag:new'}”, ${amountText(limit, 'album')}${where}`
    case 'artists': return `${amountText(limit, 'album')} of ${amountText(artistIds.length, 'artist')}${where}`
    case 'albums': return `${amountText(albumIds.length, 'chosen album')}${where}`
  }
}

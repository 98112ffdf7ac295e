import type { Cover } from '../covers.ts'
import { type Html, html } from '../html.ts'

type NotedCover = Cover & { note?: Html }

/** Covers as a grid, each with its link back to Spotify. */
export function coverList (covers: readonly NotedCover[]): Html {
  return html`<ul class="covers">${covers.map(coverItem)}</ul>`
}

function coverItem ({ url, imageUrl, name, artists, note }: NotedCover): Html {
  const image = imageUrl === null
    ? html`<span class="cover-none" aria-hidden="true"></span>`
    : html`<img loading="lazy" width="160" height="160" alt="" src="${imageUrl}">`
  return html`<li><a href="${url}" rel="noreferrer">${image}
<span class="cover-name">${name}</span>
${artists !== '' && html`<span class="cover-by">${artists}</span>`}</a>${note}</li>
`
}

import type { Cover } from '../covers.ts'
import { type Html, html } from '../html.ts'

/** Covers as a grid, each with its link back to Spotify. */
export function coverList (covers: ReadonlyArray<Cover & { note?: Html }>): Html {
  return html`<ul class="covers">${covers.map(({ url, imageUrl, name, artists, note }) => html`<li><a href="${url}" rel="noreferrer">${imageUrl === null ? html`<span class="cover-none" aria-hidden="true"></span>` : html`<img loading="lazy" width="160" height="160" alt="" src="${imageUrl}">`}<span class="cover-name">${name}</span>${artists !== '' && html`<span class="cover-by">${artists}</span>`}</a>${note}</li>`)}</ul>`
}

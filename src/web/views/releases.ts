import { coverOfContent } from '../covers.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { shortTimeHtml } from '../text.ts'
import type { Release } from '../../services/store/release-store.ts'
import { coverList } from './covers.ts'
import { renderPage } from './layout.ts'

export interface ReleasesView {
  /** The latest first. */
  releases: Release[]
  /** The cursor of the page of older ones; null at the end. */
  older: string | null
  isFirstPage: boolean
}

/** Every release by the time at which it was first seen. */
export function releasesPage (visit: Visit, { releases, older, isFirstPage }: ReleasesView): string {
  const { site } = visit
  const covers = releases.map((release) => ({
    ...coverOfContent(site, release.albumId, release.content),
    note: noteOn(visit, release),
  }))
  return renderPage(visit, {
    name: 'releases',
    title: 'Releases',
    body: html`<h1>Releases</h1>
<p>Every album that any run has documented, once, by the time (UTC) at which it was first seen, the latest first.
Follow them as a feed: <a href="${site.path('/releases.atom')}">Atom</a>,
<a href="${site.path('/releases.json')}">JSON Feed</a>, or
<a href="${site.path('/releases')}">page by page as JSON</a>.</p>
${covers.length > 0 ? coverList(covers) : emptyText(visit, isFirstPage)}
<nav class="paging" aria-label="Pages of releases">
${!isFirstPage && html`<a href="${site.path('/ui/releases')}">Latest</a>`}
${older !== null && html`<a rel="next" href="${site.path(`/ui/releases?before=${older}`)}">Older releases</a>`}
</nav>`,
  })
}

function noteOn ({ site }: Visit, { albumId, content, firstSeenMs, runId }: Release): Html {
  const hadFirst = html`<span class="visually-hidden"> that had ${content?.name ?? albumId} first</span>`
  return html`<p class="of"><span class="visually-hidden">first seen </span>${shortTimeHtml(firstSeenMs)}
${runId === null ? 'its run is gone' : html`<a href="${site.path(`/ui/runs/${runId}`)}">run${hadFirst}</a>`}</p>`
}

function emptyText ({ site }: Visit, isFirstPage: boolean): Html {
  return html`<div class="empty">
<p>${isFirstPage ? 'No release has been documented yet.' : 'There are no older releases.'}</p>
<p><strong>What next:</strong> <a href="${site.path('/')}#start">start a run</a>;
what it finds appears here when it has ended.</p></div>`
}

import { coverOfContent } from '../covers.ts'
import { html } from '../html.ts'
import type { Visit } from '../site.ts'
import { timeHtml } from '../text.ts'
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
  const covers = releases.map(({ albumId, content, firstSeenMs, runId }) => ({
    ...coverOfContent(site, albumId, content),
    note: html`<p class="of">${content === null ? 'its run is gone; ' : ''}first seen ${timeHtml(new Date(firstSeenMs).toISOString())}${runId !== null && html`, <a href="${site.path(`/ui/runs/${runId}`)}">run<span class="visually-hidden"> that had ${content?.name ?? albumId} first</span></a>`}</p>`,
  }))
  return renderPage(visit, {
    name: 'releases',
    title: 'Releases',
    body: html`<h1>Releases</h1>
<p>Every album that any run has documented, once, by the time at which it was first seen, the latest first. Follow them as a feed: <a href="${site.path('/releases.atom')}">Atom</a>, <a href="${site.path('/releases.json')}">JSON Feed</a>, or <a href="${site.path('/releases')}">page by page as JSON</a>.</p>
${covers.length > 0 ? coverList(covers) : html`<div class="empty"><p>${isFirstPage ? 'No release has been documented yet.' : 'There are no older releases.'}</p><p><strong>What next:</strong> <a href="${site.path('/')}#start">start a run</a>; what it finds appears here when it has ended.</p></div>`}
<nav class="paging" aria-label="Pages of releases">${!isFirstPage && html`<a href="${site.path('/ui/releases')}">Latest</a>`}${older !== null && html`<a rel="next" href="${site.path(`/ui/releases?before=${older}`)}">Older releases</a>`}</nav>`,
  })
}

import { type Content, type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'

/** What a page puts into the frame that all pages share. */
export interface Page {
  name: 'home' | 'run' | 'releases' | 'login' | 'problem'
  title: string
  body: Content
  /** The page changes by itself: without JavaScript it is loaded again every few seconds. */
  isLive?: boolean
  hasPlots?: boolean
}

const RELOAD_SECONDS = 5
const SERVICE_NAME = 'Album release ingest'

/** Renders a whole page as text. */
export function renderPage (visit: Visit, page: Page): string {
  return `<!doctype html>\n${String(document(visit, page))}\n`
}

function document ({ site, hasKeys, formToken, nowMs }: Visit, { name, title, body, isLive = false, hasPlots = false }: Page): Html {
  return html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${SERVICE_NAME}</title>
<link rel="icon" href="${site.asset('icon.svg')}" type="image/svg+xml">
${hasPlots && html`<link rel="stylesheet" href="${site.asset('uPlot.min.css')}">
`}<link rel="stylesheet" href="${site.asset('style.css')}">
<link rel="alternate" type="application/atom+xml" title="New album releases" href="${site.path('/releases.atom')}">
${hasPlots && html`<script src="${site.asset('uPlot.iife.min.js')}" defer></script>
`}<script type="module" src="${site.asset('main.js')}"></script>
${isLive && html`<noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}"></noscript>
`}</head>
<body data-base="${site.path('')}">
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="${site.path('/')}"><span class="brand-sign" aria-hidden="true"></span>${SERVICE_NAME}</a>
${name !== 'login' && html`<nav aria-label="Pages"><ul>
<li>${link(site.path('/'), 'Runs', name === 'home')}</li>
<li>${link(site.path('/ui/releases'), 'Releases', name === 'releases')}</li>
<li>${link(site.path('/docs'), 'API', false)}</li>
${hasKeys && formToken !== null && html`<li><form method="post" action="${site.path('/ui/actions/logout')}"><input type="hidden" name="token" value="${formToken}"><button class="quiet">Log out</button></form></li>`}
</ul></nav>`}
</header>
<p class="connection" data-connection hidden role="status"></p>
<main id="main" tabindex="-1" data-page="${name}" data-now="${new Date(nowMs).toISOString()}">
${body}
</main>
<footer><p>${SERVICE_NAME} ${site.version}. Covers and links lead to Spotify. <a href="${site.path('/openapi.json')}">OpenAPI</a></p></footer>
</body>
</html>`
}

function link (href: string, text: string, isHere: boolean): Html {
  return isHere ? html`<a href="${href}" aria-current="page">${text}</a>` : html`<a href="${href}">${text}</a>`
}

/** A form with one button that does something to the service. */
export function actionForm ({ site, formToken }: Visit, path: string, text: string, kind: 'primary' | 'plain' | 'danger' = 'plain'): Html {
  return html`<form method="post" action="${site.path(path)}">${tokenField(formToken)}<button class="${kind}">${text}</button></form>`
}

/** The hidden field that says that a form is of this service's own page. */
export function tokenField (formToken: string | null): Html | null {
  return formToken === null ? null : html`<input type="hidden" name="token" value="${formToken}">`
}

/** A text to copy, with the button that the script shows. */
export function copyBlock (id: string, text: string, label: string): Html {
  return html`<div class="copy"><pre id="${id}" tabindex="0" role="region" aria-label="${label}">${text}</pre><button type="button" class="quiet" data-copy="#${id}" hidden>Copy</button></div>`
}

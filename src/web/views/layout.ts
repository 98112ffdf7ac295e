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

function document (visit: Visit, { name, title, body, isLive = false, hasPlots = false }: Page): Html {
  const { site, nowMs } = visit
  const now = new Date(nowMs).toISOString()
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
${name !== 'login' && navigation(visit, name)}
</header>
<p class="connection" data-connection hidden role="status"></p>
<main id="main" tabindex="-1" data-page="${name}" data-now="${now}">
${body}
</main>
<footer><p>${SERVICE_NAME} ${site.version}. Covers and links lead to Spotify.
<a href="${site.path('/openapi.json')}">OpenAPI</a></p></footer>
</body>
</html>`
}

function navigation (visit: Visit, name: Page['name']): Html {
  const { site, hasKeys, formToken } = visit
  const logout = actionForm(visit, '/ui/actions/logout', 'Log out', 'quiet')
  return html`<nav aria-label="Pages"><ul>
<li>${link(site.path('/'), 'Runs', name === 'home')}</li>
<li>${link(site.path('/ui/releases'), 'Releases', name === 'releases')}</li>
<li>${link(site.path('/docs'), 'API', false)}</li>
${hasKeys && formToken !== null && html`<li>${logout}</li>`}
</ul></nav>`
}

function link (href: string, text: string, isHere: boolean): Html {
  return isHere ? html`<a href="${href}" aria-current="page">${text}</a>` : html`<a href="${href}">${text}</a>`
}

type ButtonKind = 'primary' | 'plain' | 'danger' | 'quiet'

/** A form with one button that does something to the service. */
export function actionForm ({ site, formToken }: Visit, path: string, text: string, kind: ButtonKind = 'plain'): Html {
  return html`<form method="post" action="${site.path(path)}">
${tokenField(formToken)}<button class="${kind}">${text}</button></form>`
}

/** The hidden field that says that a form is of this service's own page. */
export function tokenField (formToken: string | null): Html | null {
  return formToken === null ? null : html`<input type="hidden" name="token" value="${formToken}">`
}

/** A text to copy, with the button that the script shows. */
export function copyBlock (id: string, text: string, label: string): Html {
  return html`<div class="copy"><pre id="${id}" tabindex="0" role="region" aria-label="${label}">${text}</pre>
<button type="button" class="quiet" data-copy="#${id}" hidden>Copy</button></div>`
}

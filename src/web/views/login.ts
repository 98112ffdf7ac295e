import { html } from '../html.ts'
import type { Visit } from '../site.ts'
import { renderPage } from './layout.ts'

/** Asks for a key; `next` is the path to go on to. */
export function loginPage (visit: Visit, next: string, error: string | null): string {
  const wrong = error !== null && html` aria-invalid="true" aria-describedby="key-error"`
  return renderPage(visit, {
    name: 'login',
    title: 'Log in',
    body: html`<div class="login"><h1>Log in</h1>
<p>This service shows nothing without one of its keys (API_KEYS). Ask its operator for one.</p>
<form class="card" method="post" action="${visit.site.path('/ui/login')}">
<input type="hidden" name="next" value="${next}">
<div class="field"><label for="key">Key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus${wrong}>
${error !== null && html`<p class="error" id="key-error" role="alert">${error}</p>`}</div>
<div class="buttons"><button class="primary">Log in</button></div></form></div>`,
  })
}

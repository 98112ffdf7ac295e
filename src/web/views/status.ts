import type { RunStatus } from '../../schemas/run.ts'
import { type Content, type Html, html } from '../html.ts'
import { STATUS_SIGNS, type StateText } from '../state.ts'

/** A status by colour, sign and word. */
export function statusBadge (status: RunStatus, field = false): Html {
  return html`<span class="status status-${status}">${statusSign(status)}
${field ? html`<span data-field="status">${status}</span>` : status}</span>`
}

/** What happened, what to do next, and the buttons for it. */
export function stateBox (status: RunStatus, { title, happened, next }: StateText, actions: Content): Html {
  return html`<section class="state state-${status}" aria-labelledby="state">
<h2 id="state">${statusSign(status)} ${title}</h2>
<p>${happened}</p><p><strong>What next:</strong> ${next}</p>
${actions}</section>`
}

function statusSign (status: RunStatus): Html {
  return html`<span class="status-sign" aria-hidden="true">${STATUS_SIGNS[status]}</span>`
}

/** The same for a page without a run. */
export function notice (kind: 'good' | 'bad' | 'info', text: string): Html {
  return html`<p class="notice notice-${kind}" role="status">${text}</p>`
}

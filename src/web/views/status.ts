import type { RunStatus } from '../../schemas/run.ts'
import { type Html, html } from '../html.ts'
import { STATUS_SIGNS, type StateText } from '../state.ts'

/** A status by colour, sign and word. */
export function statusBadge (status: RunStatus, field = false): Html {
  return html`<span class="status status-${status}"><span class="status-sign" aria-hidden="true">${STATUS_SIGNS[status]}</span> ${field ? html`<span data-field="status">${status}</span>` : status}</span>`
}

/** What happened, and what to do next. */
export function stateBox (status: RunStatus, { happened, next }: Pick<StateText, 'happened' | 'next'>): Html {
  return html`<div class="state state-${status}"><p>${happened}</p><p><strong>What next:</strong> ${next}</p></div>`
}

/** The same for a page without a run. */
export function notice (kind: 'good' | 'bad' | 'info', text: string): Html {
  return html`<p class="notice notice-${kind}" role="status">${text}</p>`
}

import { type Content, type Html, html } from '../html.ts'
import type { Plot } from '../plot.ts'
import { countText, durationText } from '../text.ts'

/** Each plot with the table of its numbers; a plot that has none is not shown. */
export function figures (plots: readonly Plot[], areOpen = false): Content {
  return plots.map((plot) => figureHtml(plot, areOpen))
}

function figureHtml ({ id, title, xTitle, columns, rows }: Plot, isOpen: boolean): Html {
  return html`<figure class="card plot" data-plot="${id}"${rows === null || rows.length === 0 ? html` hidden` : ''}><figcaption><h3>${title}</h3></figcaption><div data-canvas></div>
<details class="more"${isOpen ? html` open` : ''}><summary>The numbers<span class="visually-hidden">: ${title}</span></summary><div class="scroll" tabindex="0" role="region" aria-label="${title}, as a table"><table><caption class="visually-hidden">${title}</caption><thead><tr><th scope="col">${xTitle}</th>${columns.map((column) => html`<th scope="col" class="number">${column.title}</th>`)}</tr></thead><tbody>${rows?.map(([x, ...values]) => html`<tr><th scope="row">${x}</th>${values.map((value, index) => html`<td class="number">${columns[index]?.unit === 'ms' ? waitText(value) : countText(value)}</td>`)}</tr>`)}</tbody></table></div></details></figure>`
}

function waitText (ms: number): string {
  return ms === 0 ? '0' : ms < 1000 ? `${ms} ms` : durationText(ms)
}

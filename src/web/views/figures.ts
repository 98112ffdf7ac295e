import { type Content, type Html, html } from '../html.ts'
import type { Plot } from '../plot.ts'
import { countText, durationText } from '../text.ts'
import { scrollTable } from './table.ts'

/** Each plot with the table of its numbers; a plot that has none is not shown. */
export function figures (plots: readonly Plot[], areOpen = false): Content {
  return html`<div class="plots">${plots.map((plot) => figureHtml(plot, areOpen))}</div>`
}

function figureHtml ({ id, title, xTitle, columns, rows }: Plot, isOpen: boolean): Html {
  const heads = [{ title: xTitle }, ...columns.map((column) => ({ title: column.title, isNumber: true }))]
  const isHidden = rows === null || rows.length === 0
  return html`<figure class="card plot" data-plot="${id}"${isHidden && html` hidden`}>
<figcaption><h3>${title}</h3></figcaption>
<div data-canvas></div>
<details class="more"${isOpen && html` open`}>
<summary>The numbers<span class="visually-hidden">: ${title}</span></summary>
${scrollTable(title, heads, rows?.map((row) => rowHtml(row, columns)))}
</details></figure>`
}

function rowHtml ([x, ...values]: NonNullable<Plot['rows']>[number], columns: Plot['columns']): Html {
  const cells = values.map((value, index) => columns[index]?.unit === 'ms' ? waitText(value) : countText(value))
  return html`<tr><th scope="row">${x}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>
`
}

function waitText (ms: number): string {
  return ms === 0 ? '0' : ms < 1000 ? `${ms} ms` : durationText(ms)
}

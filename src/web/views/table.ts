import { type Content, type Html, html } from '../html.ts'

/** A column by its title; numbers stand at its end. */
export interface Column {
  title: string
  isNumber?: boolean
}

/** A table with a title for screen readers. It scrolls by itself where it is wider than its place. */
export function scrollTable (title: string, columns: readonly Column[], rows: Content): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}, as a table"><table>
<caption class="visually-hidden">${title}</caption>
${tableHead(columns)}
<tbody>${rows}</tbody>
</table></div>`
}

export function tableHead (columns: readonly Column[]): Html {
  return html`<thead><tr>${columns.map(({ title, isNumber = false }) => isNumber
    ? html`<th scope="col" class="number">${title}</th>`
    : html`<th scope="col">${title}</th>`)}</tr></thead>`
}

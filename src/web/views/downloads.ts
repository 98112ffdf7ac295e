import type { Run } from '../../schemas/run.ts'
import { FORMAT_NAMES, type FormatName } from '../../formats/index.ts'
import { TABLES } from '../../services/tables/tables.ts'
import { type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { bytesText } from '../text.ts'

const FORMAT_TEXTS: Record<FormatName, [name: string, extension: string, meaning: string]> = {
  json: ['JSON', '.json', 'the document as it is stored'],
  ndjson: ['NDJSON', '.ndjson', 'one album per line'],
  csv: ['CSV', '.csv', 'one row per track'],
  tracks: ['Tracks as JSON', '.tracks.json', 'the tracks of each album under its id'],
}

/** All that a run can be downloaded as. */
export function downloadsSection ({ site }: Visit, { id, file }: Run): Html | null {
  if (file === null) return null
  const named = (extension: string): string => file.name.replace('.json', extension)
  return html`<section aria-labelledby="downloads"><h2 id="downloads">Downloads</h2>
<ul class="downloads">${FORMAT_NAMES.map((format) => {
    const [name, extension, meaning] = FORMAT_TEXTS[format]
    return html`<li><a href="${site.path(`/runs/${id}?format=${format}`)}" download="${named(extension)}">${name}</a> <span class="of">${meaning}${format === 'json' && html`, ${bytesText(file.bytes)}`}</span></li>`
  })}</ul>
<h3>Tables</h3>
<ul class="downloads">${TABLES.map(({ name }) => html`<li><span class="table-name">${name}</span> ${tableLink('parquet', 'Parquet', name)} ${tableLink('csv', 'CSV', name)}</li>`)}</ul></section>`

  function tableLink (format: string, text: string, table: string): Html {
    return html`<a href="${site.path(`/runs/${id}/tables/${table}?format=${format}`)}" download="${named(`.${table}.${format}`)}">${text}<span class="visually-hidden"> of ${table}</span></a>`
  }
}

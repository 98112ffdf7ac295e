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
  const { bytes } = file
  const named = (extension: string): string => file.name.replace('.json', extension)
  return html`<section class="card" aria-labelledby="downloads"><h2 id="downloads">Downloads</h2>
<div class="columns">
<div><h3>Document</h3><ul class="downloads">${FORMAT_NAMES.map(formatItem)}</ul></div>
<div><h3>Tables</h3><ul class="downloads">${TABLES.map(({ name }) => tableItem(name))}</ul></div>
</div></section>`

  function formatItem (format: FormatName): Html {
    const [name, extension, meaning] = FORMAT_TEXTS[format]
    const url = site.path(`/runs/${id}?format=${format}`)
    const size = format === 'json' ? `, ${bytesText(bytes)}` : ''
    return html`<li><a href="${url}" download="${named(extension)}">${name}</a>
<span class="of">${meaning}${size}</span></li>`
  }

  function tableItem (table: string): Html {
    return html`<li><span class="table-name">${table}</span>
${tableLink('parquet', 'Parquet', table)} ${tableLink('csv', 'CSV', table)}</li>`
  }

  function tableLink (format: string, text: string, table: string): Html {
    const url = site.path(`/runs/${id}/tables/${table}?format=${format}`)
    const file = named(`.${table}.${format}`)
    return html`<a href="${url}" download="${file}">${text}<span class="visually-hidden"> of ${table}</span></a>`
  }
}

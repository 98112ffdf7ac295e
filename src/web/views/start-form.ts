import { PAGINATIONS, SOURCES } from '../../schemas/ingest-body.ts'
import { type Content, type Html, html } from '../html.ts'
import type { Visit } from '../site.ts'
import { FORM_FIELDS, type FormField, type FormValues } from '../start-request.ts'
import { copyBlock, tokenField } from './layout.ts'

/** A form as it was sent, with what is wrong in it. */
export interface StartForm {
  values: FormValues
  errors: Partial<Record<FormField | 'form', string>>
  /** The request as a command; null where it is wrong. */
  curl: string | null
  /** The command was asked for. */
  isCurlOpen: boolean
  maxAlbums: number
}

const SOURCE_TEXTS: Record<typeof SOURCES[number], string> = {
  auto: 'Newest albums (chosen for you)',
  'new-releases': 'New releases',
  search: 'Search',
  artists: 'Albums of artists',
  albums: 'These albums',
}
const PAGINATION_TEXTS: Record<typeof PAGINATIONS[number], string> = { next: 'follow Spotify’s next page', offset: 'count' }

/** The form that starts a run. */
export function startForm (visit: Visit, form: StartForm): Html {
  const { site } = visit
  const { values, errors, curl, isCurlOpen, maxAlbums } = form
  const wrong = FORM_FIELDS.filter((field) => errors[field] !== undefined)
  return html`<form id="start" class="card start" method="post" action="${site.path('/ui/actions/start')}" novalidate>
${tokenField(visit.formToken)}
${(wrong.length > 0 || errors.form !== undefined) && html`<div class="notice notice-bad" role="alert"><p>The run was not started. ${errors.form}</p>${wrong.length > 0 && html`<ul>${wrong.map((field) => html`<li><a href="#${field}">${errors[field]}</a></li>`)}</ul>`}</div>`}
<div class="fields">
${field(form, 'source', 'What to fetch', null, (attributes) => html`<select id="source" name="source"${attributes}>${SOURCES.map((source) => option(source, SOURCE_TEXTS[source], values.source))}</select>`)}
${field(form, 'limit', 'Albums', `1 to ${maxAlbums}; empty means 100`, (attributes) => html`<input id="limit" name="limit" inputmode="numeric" autocomplete="off" value="${values.limit}"${attributes}>`)}
${field(form, 'market', 'Market', 'two capital letters, such as DE; empty means none', (attributes) => html`<input id="market" name="market" maxlength="10" autocomplete="off" value="${values.market}"${attributes}>`)}
</div>
<fieldset data-sources="search"><legend>For a search</legend>${field(form, 'query', 'Query', 'such as tag:new genre:jazz; empty means tag:new', (attributes) => html`<input id="query" name="query" autocomplete="off" value="${values.query}"${attributes}>`)}</fieldset>
<fieldset data-sources="artists"><legend>For albums of artists</legend>${field(form, 'artistIds', 'Artists', 'up to 50 Spotify ids, URIs or links, separated by spaces or lines', (attributes) => html`<textarea id="artistIds" name="artistIds" rows="3" spellcheck="false"${attributes}>${values.artistIds}</textarea>`)}</fieldset>
<fieldset data-sources="albums"><legend>For these albums</legend>${field(form, 'albumIds', 'Albums by id', 'up to 1,000 Spotify ids, URIs or links, separated by spaces or lines; leave the number of albums empty', (attributes) => html`<textarea id="albumIds" name="albumIds" rows="3" spellcheck="false"${attributes}>${values.albumIds}</textarea>`)}</fieldset>
<details class="more"${values.refresh !== '' || (values.pagination !== 'next' && values.pagination !== '') ? html` open` : ''}><summary>More settings</summary>
<div class="fields">
${field(form, 'pagination', 'Pages', null, (attributes) => html`<select id="pagination" name="pagination"${attributes}>${PAGINATIONS.map((pagination) => option(pagination, PAGINATION_TEXTS[pagination], values.pagination))}</select>`)}
<div class="field check"><input type="checkbox" id="refresh" name="refresh" value="true"${values.refresh === 'true' ? html` checked` : ''}><label for="refresh">Fetch albums again, also those that an earlier run has fetched</label></div>
</div></details>
<div class="buttons"><button class="primary">Start the run</button><button class="quiet" name="curl" value="1" formmethod="get" formaction="${site.path('/')}#curl-request">Show as curl</button></div>
${curl !== null && html`<details class="more" id="curl-request"${isCurlOpen ? html` open` : ''}><summary>Request as curl</summary>${copyBlock('start-curl', curl, 'The request as a curl command')}</details>`}
</form>`
}

function option (value: string, text: string, chosen: string): Html {
  return html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`
}

function field ({ errors }: StartForm, name: FormField, label: string, hint: string | null, control: (attributes: Content) => Html): Html {
  const error = errors[name]
  const described = [hint === null ? null : `${name}-hint`, error === undefined ? null : `${name}-error`].filter((id) => id !== null).join(' ')
  const attributes = html`${described !== '' && html` aria-describedby="${described}"`}${error !== undefined && html` aria-invalid="true"`}`
  return html`<div class="field"><label for="${name}">${label}</label>${control(attributes)}${hint !== null && html`<p class="hint" id="${name}-hint">${hint}</p>`}${error !== undefined && html`<p class="error" id="${name}-error">${error}</p>`}</div>`
}

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
  auto: 'Newest albums',
  'new-releases': 'New releases',
  search: 'Search',
  artists: 'Albums of artists',
  albums: 'These albums',
}
const PAGINATION_TEXTS: Record<typeof PAGINATIONS[number], string> = {
  next: 'follow Spotify’s next page',
  offset: 'count',
}

/** The form that starts a run. */
export function startForm (visit: Visit, form: StartForm): Html {
  const { values, curl, isCurlOpen, maxAlbums } = form
  const action = visit.site.path('/ui/actions/start')
  return html`<form id="start" class="card start" method="post" action="${action}" novalidate>
${tokenField(visit.formToken)}
${errorList(form)}
<div class="fields">
${selectField(form, 'source', 'What to fetch', SOURCES, SOURCE_TEXTS)}
${textField(form, 'limit', 'Albums', `1 to ${maxAlbums}; empty means 100`, html` inputmode="numeric"`)}
${textField(form, 'market', 'Market', 'such as DE; empty means none', html` maxlength="10"`)}
</div>
<fieldset data-sources="search"><legend>For a search</legend>
${textField(form, 'query', 'Query', 'such as tag:new genre:jazz; empty means tag:new')}</fieldset>
<fieldset data-sources="artists"><legend>For albums of artists</legend>
${idsField(form, 'artistIds', 'Artists', 'up to 50 Spotify ids, URIs or links, separated by spaces or lines')}
</fieldset>
<fieldset data-sources="albums"><legend>For these albums</legend>
${idsField(form, 'albumIds', 'Albums by id', `up to 1,000 Spotify ids, URIs or links, separated by spaces or lines;
leave the number of albums empty`)}</fieldset>
<details class="more"${areSettingsOpen(values) && html` open`}><summary>More settings</summary>
<div class="fields">
${selectField(form, 'pagination', 'Pages', PAGINATIONS, PAGINATION_TEXTS)}
<div class="field check">
<input type="checkbox" id="refresh" name="refresh" value="true"${values.refresh === 'true' && html` checked`}>
<label for="refresh">Fetch albums again, also those that an earlier run has fetched</label></div>
</div></details>
<div class="buttons"><button class="primary">Start the run</button>
<button class="quiet" name="curl" value="1" formmethod="get"
 formaction="${visit.site.path('/')}#curl-request">Show as curl</button></div>
${curl !== null && html`<details class="more" id="curl-request"${isCurlOpen && html` open`}>
<summary>Request as curl</summary>${copyBlock('start-curl', curl, 'The request as a curl command')}</details>`}
</form>`
}

function wrongFields ({ errors }: StartForm): FormField[] {
  return FORM_FIELDS.filter((name) => errors[name] !== undefined)
}

function errorList (form: StartForm): Html | null {
  const { errors } = form
  const wrong = wrongFields(form)
  if (wrong.length === 0 && errors.form === undefined) return null
  const links = wrong.map((name) => html`<li><a href="#${name}">${errors[name]}</a></li>`)
  return html`<div class="notice notice-bad" role="alert"><p>The run was not started. ${errors.form}</p>
${wrong.length > 0 && html`<ul>${links}</ul>`}</div>`
}

function areSettingsOpen ({ refresh, pagination }: FormValues): boolean {
  return refresh !== '' || (pagination !== 'next' && pagination !== '')
}

function selectField<Value extends string> (
  form: StartForm, name: FormField, label: string, choices: readonly Value[], texts: Record<Value, string>
): Html {
  const options = choices.map((value) => {
    const selected = value === form.values[name] && html` selected`
    return html`<option value="${value}"${selected}>${texts[value]}</option>`
  })
  return field(form, name, label, null, (attributes) =>
    html`<select id="${name}" name="${name}"${attributes}>${options}</select>`)
}

function textField (form: StartForm, name: FormField, label: string, hint: string, more: Content = null): Html {
  return field(form, name, label, hint, (attributes) =>
    html`<input id="${name}" name="${name}" autocomplete="off" value="${form.values[name]}"${more}${attributes}>`)
}

function idsField (form: StartForm, name: FormField, label: string, hint: string): Html {
  return field(form, name, label, hint, (attributes) =>
    html`<textarea id="${name}" name="${name}" rows="3" spellcheck="false"${attributes}
>${form.values[name]}</textarea>`)
}

/** A control with its label, its hint and its error. The first control that is wrong has the focus. */
function field (
  form: StartForm, name: FormField, label: string, hint: string | null, control: (attributes: Content) => Html
): Html {
  const error = form.errors[name]
  const described = [hint === null ? [] : [`${name}-hint`], error === undefined ? [] : [`${name}-error`]].flat()
  const attributes = [
    described.length > 0 && html` aria-describedby="${described.join(' ')}"`,
    error !== undefined && html` aria-invalid="true"`,
    wrongFields(form)[0] === name && html` autofocus`,
  ]
  return html`<div class="field"><label for="${name}">${label}</label>${control(attributes)}
${hint !== null && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${error !== undefined && html`<p class="error" id="${name}-error">${error}</p>`}</div>`
}

const LISTS = ['artistIds', 'albumIds']
/** Fields of the form that are not of the request. */
const OTHERS = ['token', 'curl']
/** What stands before the body in the command that the service has rendered. */
const BEFORE_BODY = " \\\n  -d '"

/** Keeps the start form's request as curl up to date, and hides what another source needs. */
export function listenToStartForm (): void {
  const form = document.querySelector<HTMLFormElement>('form#start')
  if (form === null) return
  const ask = form.querySelector<HTMLButtonElement>('button[name="curl"]')
  if (ask !== null && form.querySelector('#start-curl') !== null) ask.hidden = true // it would only load what is here
  const show = (): void => {
    showFieldsOfSource(form)
    showCurl(form)
  }
  form.addEventListener('input', show)
  addEventListener('pageshow', show) // the browser fills in again what was typed before
  show()
}

function showFieldsOfSource (form: HTMLFormElement): void {
  const source = form.elements.namedItem('source')
  if (!(source instanceof HTMLSelectElement)) return
  for (const fields of form.querySelectorAll<HTMLFieldSetElement>('fieldset[data-sources]')) {
    const isNeeded = (fields.dataset['sources'] ?? '').split(' ').includes(source.value)
    fields.hidden = !isNeeded
    fields.disabled = !isNeeded
  }
}

function showCurl (form: HTMLFormElement): void {
  const command = form.querySelector('#start-curl')
  const [before] = command?.textContent.split(BEFORE_BODY) ?? []
  if (command == null || before === undefined) return
  const body = JSON.stringify(requestOf(new FormData(form))).replaceAll("'", "'\\''")
  command.textContent = `${before}${BEFORE_BODY}${body}'`
}

/** Makes the body of POST /ingest of the form: fields that are empty are left out. */
function requestOf (fields: FormData): Record<string, unknown> {
  const entries = [...fields].flatMap(([name, value]): Array<[string, unknown]> => {
    const text = typeof value === 'string' ? value.trim() : ''
    if (text === '' || OTHERS.includes(name)) return []
    if (LISTS.includes(name)) return [[name, text.split(/[\s,]+/)]]
    if (name === 'limit' && /^\d{1,15}$/.test(text)) return [[name, Number(text)]]
    return [[name, name === 'refresh' ? true : text]]
  })
  return Object.fromEntries(entries)
}

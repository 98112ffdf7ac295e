const LISTS = ['artistIds', 'albumIds']

/** Keeps the start form's request as curl up to date, and hides what another source needs. */
export function listenToStartForm (): void {
  const target = document.querySelector<HTMLElement>('[data-curl-for]')
  const form = target === null ? null : document.querySelector<HTMLFormElement>(target.dataset['curlFor'] ?? '')
  if (target === null || form === null) return
  const show = (): void => {
    showFieldsOfSource(form)
    target.textContent = curlText(target.dataset, requestOf(new FormData(form)))
  }
  form.addEventListener('input', show)
  form.addEventListener('reset', () => setTimeout(show))
  addEventListener('pageshow', show) // the browser fills in again what was typed before
  show()
}

function showFieldsOfSource (form: HTMLFormElement): void {
  const source = form.elements.namedItem('source')
  if (!(source instanceof HTMLSelectElement)) return
  for (const field of form.querySelectorAll<HTMLElement>('[data-only-for]')) {
    const isNeeded = (field.dataset['onlyFor'] ?? '').split(' ').includes(source.value)
    field.hidden = !isNeeded
    for (const control of field.querySelectorAll<HTMLInputElement>('input, textarea, select')) control.disabled = !isNeeded
  }
}

/** Makes the body of POST /ingest of the form: fields that are empty are left out. */
function requestOf (fields: FormData): Record<string, unknown> {
  const entries = [...fields].flatMap(([name, value]): Array<[string, unknown]> => {
    const text = typeof value === 'string' ? value.trim() : ''
    if (text === '' || name.startsWith('_')) return []
    if (LISTS.includes(name)) return [[name, text.split(/[\s,]+/)]]
    if (name === 'limit') return [[name, Number(text)]]
    return [[name, name === 'refresh' ? true : text]]
  })
  return Object.fromEntries(entries)
}

function curlText ({ url = '', header }: DOMStringMap, body: Record<string, unknown>): string {
  const lines = [
    `curl -X POST ${quoted(url)}`,
    ...(header === undefined ? [] : [`-H ${quoted(header)}`]),
    "-H 'content-type: application/json'",
    `-d ${quoted(JSON.stringify(body))}`,
  ]
  return lines.join(' \\\n  ')
}

/** Quotes a text for a POSIX shell. */
function quoted (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

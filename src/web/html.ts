/** HTML that is safe to send: made by `html` alone, so that no text becomes markup. */
export class Html {
  readonly #text: string

  private constructor (text: string) {
    this.#text = text
  }

  /** Joins the literal parts of a template with what stands between them, escaped. */
  static of (literals: readonly string[], values: readonly Content[]): Html {
    return new Html(literals.reduce((text, literal, index) => text + textOf(values[index - 1]) + literal))
  }

  toString (): string {
    return this.#text
  }
}

/** What a template takes: text is escaped, HTML stands as it is, nothing stands for null, undefined and false. */
export type Content = Html | string | number | null | undefined | false | readonly Content[]

/** Makes HTML of a template. Attribute values must stand in double quotes. */
export function html (literals: TemplateStringsArray, ...values: Content[]): Html {
  return Html.of(literals, values)
}

function textOf (content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (content instanceof Html) return content.toString()
  if (typeof content === 'object') return content.map(textOf).join('')
  return escape(String(content))
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;',
}
/** What HTML cannot hold, and what changes the direction of the text around it. */
// eslint-disable-next-line no-control-regex -- control characters are what it removes
const UNSHOWN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g

function escape (text: string): string {
  return text.replace(UNSHOWN, '\ufffd').replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? character)
}

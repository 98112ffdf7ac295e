import { hash } from 'node:crypto'

/** As long as the digest that stands for a longer text. */
const MAX_KEPT = 44

/** Returns what to remember of a text, to tell it from others: it takes little memory, however long the text is. */
export function fingerprintOf (text: string): string {
  return text.length <= MAX_KEPT ? text : hash('sha256', text, 'base64')
}

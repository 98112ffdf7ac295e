/**
 * Returns the first `max` characters of a text as a copy: a slice keeps the whole text in memory, which a peer may make
 * megabytes long.
 */
export function cutText (text: string, max: number): string {
  return text.length <= max ? text : Buffer.from(text.slice(0, max), 'utf16le').toString('utf16le')
}

const LINE_FEED = 0x0a
const COMMA = 0x2c
const HEAD_END = Buffer.from('"albums":[')
const FOOT = Buffer.from(']}')

/**
 * The albums of a stored document, each as its JSON text, while the document is being read: one line is in memory
 * at a time. Throws where the document does not begin or end as it was written, so that a damaged one never
 * looks like a shorter one.
 */
export async function * albumLines (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { text } of placedAlbums(chunks)) yield text
}

/** An album's JSON text, and where it begins in the document, in bytes. */
export interface PlacedAlbum {
  text: Buffer
  start: number
}

/** The same, each with its place. */
export async function * placedAlbums (chunks: AsyncIterable<Buffer>): AsyncGenerator<PlacedAlbum> {
  let isInside = false
  for await (const { line, start } of lines(chunks)) {
    if (!isInside) {
      if (!line.subarray(-HEAD_END.length).equals(HEAD_END)) break
      isInside = true
    } else if (line.equals(FOOT)) {
      return
    } else {
      yield { text: line.at(-1) === COMMA ? line.subarray(0, -1) : line, start }
    }
  }
  throw new Error('the stored document is damaged: it does not begin or end as it was written')
}

/** Whole lines, without their ends, and where each begins; what follows the last line feed is dropped. */
async function * lines (chunks: AsyncIterable<Buffer>): AsyncGenerator<{ line: Buffer, start: number }> {
  let begun: Buffer[] = []
  let lineStart = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end; (end = chunk.indexOf(LINE_FEED, start)) !== -1; start = end + 1) {
      const rest = chunk.subarray(start, end)
      const line = begun.length === 0 ? rest : Buffer.concat([...begun, rest])
      yield { line, start: lineStart }
      lineStart += line.length + 1
      begun = []
    }
    if (start < chunk.length) begun.push(chunk.subarray(start))
  }
}

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
  let isInside = false
  for await (const line of lines(chunks)) {
    if (!isInside) {
      if (!line.subarray(-HEAD_END.length).equals(HEAD_END)) break
      isInside = true
    } else if (line.equals(FOOT)) {
      return
    } else {
      yield line.at(-1) === COMMA ? line.subarray(0, -1) : line
    }
  }
  throw new Error('the stored document is damaged: it does not begin or end as it was written')
}

/** Whole lines, without their ends; what follows the last line feed is dropped. */
async function * lines (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  for await (const chunk of chunks) {
    let start = 0
    for (let end; (end = chunk.indexOf(LINE_FEED, start)) !== -1; start = end + 1) {
      const rest = chunk.subarray(start, end)
      yield begun.length === 0 ? rest : Buffer.concat([...begun, rest])
      begun = []
    }
    if (start < chunk.length) begun.push(chunk.subarray(start))
  }
}

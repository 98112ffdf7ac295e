const LINE_END = Buffer.from('\n')

/** Writes one album per line, each as it is stored. */
export async function * ndjson (albums: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const album of albums) yield Buffer.concat([album, LINE_END])
}

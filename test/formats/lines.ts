/** A document as it is stored, from the texts of its albums. */
export function documentOf (albums: readonly unknown[]): string {
  return `{"id":"x","gaps":[],"albums":[${albums.map((album, place) => `${place === 0 ? '\n' : ',\n'}${JSON.stringify(album)}`).join('')}\n]}\n`
}

/** As a file is read: in pieces of so many bytes. */
export async function * inPieces (text: string, bytes: number): AsyncGenerator<Buffer> {
  const whole = Buffer.from(text)
  for (let start = 0; start < whole.length; start += bytes) yield whole.subarray(start, start + bytes)
}

export async function * texts (...albums: readonly unknown[]): AsyncGenerator<Buffer> {
  for (const album of albums) yield Buffer.from(JSON.stringify(album))
}

export async function all (pieces: AsyncIterable<Buffer | string>): Promise<string> {
  const buffers: Buffer[] = []
  for await (const piece of pieces) buffers.push(Buffer.from(piece))
  return Buffer.concat(buffers).toString()
}

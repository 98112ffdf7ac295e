export interface ReadAhead<Item, Text> {
  read: (item: Item) => Promise<Text>
  /** What it takes in memory, roughly. */
  bytesOf: (item: Item) => number
  /** The most items, and bytes, that are read ahead; a single item may have more bytes. */
  most: number
  mostBytes: number
}

/**
 * Read what will be wanted next while it is waited for what was taken last; in order. Nothing is being read any longer
 * when it has ended.
 */
export async function * readAhead<Item, Text> (
  items: Iterable<Item>, { read, bytesOf, most, mostBytes }: ReadAhead<Item, Text>
): AsyncGenerator<Text> {
  const ahead: Array<{ bytes: number, text: Promise<Text> }> = []
  let bytes = 0

  async function * take (next: number): AsyncGenerator<Text> {
    while (ahead[0] !== undefined && (ahead.length >= most || bytes + next > mostBytes)) {
      yield await ahead[0].text
      bytes -= ahead.shift()?.bytes ?? 0
    }
  }

  try {
    for (const item of items) {
      const size = bytesOf(item)
      yield * take(size)
      const text = read(item)
      text.catch(() => {}) // thrown in its turn
      ahead.push({ bytes: size, text })
      bytes += size
    }
    yield * take(Infinity)
  } finally {
    await Promise.allSettled(ahead.map(async ({ text }) => await text))
  }
}

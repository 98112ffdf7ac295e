/**
 * The hand-over between listing and fetching: what is put on one end is taken off at the other, in order but for what
 * goes first.
 */
export interface WorkQueue<T> {
  put: (items: T[]) => void
  /** What was taken and could not be used goes first again. */
  putBack: (items: T[]) => void
  /**
   * As many items as `size` says at that moment, as soon as there are so many; fewer only after `end`; none: it has
   * ended.
   */
  take: (size: () => number) => Promise<T[]>
  /** Nothing more will be put. */
  end: () => void
}

export function createWorkQueue<T> (goesFirst: (item: T) => boolean = () => false): WorkQueue<T> {
  const first: T[] = []
  const others: T[] = []
  const takers: Array<{ size: () => number, give: (taken: T[]) => void }> = []
  let ended = false

  function serve (): void {
    for (;;) {
      const taker = takers[0]
      const size = taker?.size() ?? 0
      if (taker === undefined || (!ended && first.length + others.length < size)) return
      takers.shift()
      const taken = first.splice(0, size)
      taker.give([...taken, ...others.splice(0, size - taken.length)])
    }
  }

  return {
    put (more) {
      for (const item of more) (goesFirst(item) ? first : others).push(item)
      serve()
    },
    putBack (taken) {
      first.unshift(...taken)
      serve()
    },
    async take (size) {
      return await new Promise<T[]>((resolve) => {
        takers.push({ size, give: resolve })
        serve()
      })
    },
    end () {
      ended = true
      serve()
    },
  }
}

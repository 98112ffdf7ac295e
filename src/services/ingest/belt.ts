/** The hand-over between listing and fetching: what is put on one end is taken off at the other, in order but for what goes first. */
export interface Belt<T> {
  put: (items: T[]) => void
  /** What was taken and could not be used goes first again. */
  putBack: (items: T[]) => void
  /** Up to `max` items as soon as there are `min` (else `max`), fewer only after `end`; none: it has ended. */
  take: (max: number, min?: number) => Promise<T[]>
  /** Nothing more will be put. */
  end: () => void
}

export function createBelt<T> (goesFirst: (item: T) => boolean = () => false): Belt<T> {
  const first: T[] = []
  const others: T[] = []
  const takers: Array<{ max: number, min: number, give: (taken: T[]) => void }> = []
  let ended = false

  function serve (): void {
    for (;;) {
      const taker = takers[0]
      if (taker === undefined || (!ended && first.length + others.length < taker.min)) return
      takers.shift()
      const taken = first.splice(0, taker.max)
      taker.give([...taken, ...others.splice(0, taker.max - taken.length)])
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
    async take (max, min = max) {
      return await new Promise<T[]>((resolve) => {
        takers.push({ max, min, give: resolve })
        serve()
      })
    },
    end () {
      ended = true
      serve()
    },
  }
}

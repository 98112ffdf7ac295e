/** What all contenders are asked to do: fetch so many new albums with all their tracks, and leave a file. */
export interface Job {
  albums: number
  listing: Listing
  /** So many of it at the same time, in one process. */
  times: number
  /** Do not use what an earlier job left in a cache. */
  refresh: boolean
}

/** Where the albums are listed, and the largest page there: what an app may do is told, only the service finds it out. */
export interface Listing {
  source: 'new-releases' | 'search'
  mostPageSize: number
}

/** What one of the jobs has got. */
export interface Outcome {
  albums: number
  tracks: number
  error: string | null
  /** Milliseconds from the common start to its end. */
  endedMs: number
}

export interface Round {
  /** From the start (of the service: from accepted) until the last one has ended. */
  wallMs: number
  outcomes: Outcome[]
  peakMemoryMb: number
}

/** A contender's process, ready to work. */
export interface Running {
  run: (job: Job) => Promise<Round>
  stop: () => Promise<void>
}

export interface Contender {
  name: string
  /** `origin`: of the sandbox; `folder`: an empty one. */
  start: (origin: string, folder: string, env?: Record<string, string>, nodeArgs?: string[]) => Promise<Running>
}

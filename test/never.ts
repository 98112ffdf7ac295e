import { setMaxListeners } from 'node:events'

/** A signal that is never aborted, for everybody: so many who listen to it are no leak. */
export const never = new AbortController().signal
setMaxListeners(0, never)

/** What of a socket matters here. */
export interface Connection {
  readonly destroyed: boolean
  destroy: () => void
  once: (event: 'close', listener: () => void) => unknown
}

export interface ConnectionBound<C extends Connection> {
  /** A client has connected: where there is no room, the connection that has been idle longest is closed for it. */
  opened: (connection: C) => void
  /** A request has begun. False: it must be refused, since every connection was busy when this one came. */
  started: (connection: C) => boolean
  /** It has been answered, or its client has gone. */
  finished: (connection: C) => void
}

/** Keeps the number of connections below `max`; an idle connection never keeps out an active one. */
export function createConnectionBound<C extends Connection> (max: number, onFull: () => void): ConnectionBound<C> {
  /** The one that became idle first is the first. */
  const idle = new Set<C>()
  /** By connection, how many requests are under way: more than one where they are pipelined. */
  const busy = new Map<C, number>()
  const refused = new WeakSet<C>()

  function makeRoomFor (connection: C): void {
    if (idle.size + busy.size < max) return
    onFull()
    const [oldest] = idle
    if (oldest === undefined) refused.add(connection)
    else {
      idle.delete(oldest)
      oldest.destroy()
    }
  }

  return {
    opened (connection) {
      makeRoomFor(connection)
      idle.add(connection)
      connection.once('close', () => {
        idle.delete(connection)
        busy.delete(connection)
      })
    },

    started (connection) {
      idle.delete(connection)
      busy.set(connection, (busy.get(connection) ?? 0) + 1)
      return !refused.has(connection)
    },

    finished (connection) {
      const requests = (busy.get(connection) ?? 1) - 1
      if (requests > 0) busy.set(connection, requests)
      else {
        busy.delete(connection)
        if (!connection.destroyed) idle.add(connection)
      }
    },
  }
}

/** Standard streams, the event loop, DATA_DIR's files, and a margin. */
const OWN_FILES = 96
const MIN_CONNECTIONS = 8
const MAX_CONNECTIONS = 10_000

/**
 * Returns how many connections fit under a limit of open files if each may read a document and calls need some files.
 */
export function connectionsWithin (openFiles: number | null, callFiles: number): number {
  if (openFiles === null) return MAX_CONNECTIONS
  return Math.max(MIN_CONNECTIONS, Math.min(MAX_CONNECTIONS, Math.floor((openFiles - OWN_FILES - callFiles) / 2)))
}

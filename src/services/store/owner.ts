import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { hasErrno } from './errno.ts'

/** Which process a run belongs to while it is executed. */
export interface Owners {
  /** The name of this process, unlike any other's. */
  me: string
  /** The last part of it, for logs. */
  name: string
  /** Whether that process may still be at work. @param silentMs for how long nothing was heard of it */
  isAlive: (owner: string, silentMs: number) => boolean
  /** This process executes nothing any more. */
  close: () => void
}

/** An owner says every second that it lives. */
export const BEAT_EVERY_MS = 1000
/** One that is silent for longer is taken for dead, and its run is executed by another process. */
const SILENT_MS = 8000

/** The owners of this very process: after a restart another one may have its process id. */
const here = new Set<string>()

export function createOwners (host: string = machineName(), pid: number = process.pid): Owners {
  const name = randomUUID().slice(0, 8)
  const me = `${host} ${pid} ${name}`
  here.add(me)
  return {
    me,
    name,
    isAlive (owner, silentMs) {
      if (owner === me) return true
      if (!(Math.abs(silentMs) <= SILENT_MS)) return false
      const [itsHost, itsPid] = owner.split(' ')
      if (itsHost !== host) return true
      return Number(itsPid) === pid ? here.has(owner) : isRunning(Number(itsPid))
    },
    close: () => { here.delete(me) },
  }
}

/**
 * Names what this process can see the other processes of. Containers may share a host name, and number their processes
 * alike.
 */
function machineName (): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname() // no Linux
  }
}

/** Returns whether the machine has such a process, so that nobody waits after a crash. */
function isRunning (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasErrno(error, 'EPERM')
  }
}

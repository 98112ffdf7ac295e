import { monitorEventLoopDelay } from 'node:perf_hooks'
import { peakMemoryMb } from '../peak-memory.ts'
import './leash.ts'

// Loaded with --import into the service's process, which knows nothing of it: it answers over the IPC channel.

/** What the process has been through since it was asked to begin. */
export interface Reading {
  peakMemoryMb: number
  /** The longest time between two turns of the event loop, less the timer's own interval. */
  blockedMs: number
  /** Of the longest 1 in 1000 of such times, the shortest. */
  blockedP999Ms: number
  cpuMs: number
}

const RESOLUTION_MS = 2
const NS_PER_MS = 1e6

const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
let cpu = process.cpuUsage()
loop.enable()

function read (): Reading {
  const { user, system } = process.cpuUsage(cpu)
  const blocked = (ns: number): number => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS)
  return { peakMemoryMb: peakMemoryMb(), blockedMs: blocked(loop.max), blockedP999Ms: blocked(loop.percentile(99.9)), cpuMs: (user + system) / 1000 }
}

process.on('message', (message) => {
  if (message === 'probe: begin') {
    loop.reset()
    cpu = process.cpuUsage()
    process.send?.('probe: begun')
  }
  if (message === 'probe: read') process.send?.(read())
})
process.channel?.unref()

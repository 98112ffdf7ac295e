import { readFileSync } from 'node:fs'

const KIB_PER_MB = 1024

/**
 * The most memory that this process has had resident. Where there is /proc, from there: `maxRSS` can be that of the
 * process which started this one (getrusage(2): it is kept over execve).
 */
export function peakMemoryMb (): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kib !== undefined) return Number(kib) / KIB_PER_MB
  } catch {}
  return process.resourceUsage().maxRSS / KIB_PER_MB
}

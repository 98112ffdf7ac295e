const TOO_MANY = 'too many files and connections are open'

/** What the system's codes mean that a limit of open files causes, whatever was to be opened, and what to do. */
export const FILE_LIMIT_ADVICE = {
  EMFILE: `${TOO_MANY} in this process: raise its limit of open files (ulimit -n, LimitNOFILE, --ulimit nofile)`,
  ENFILE: `${TOO_MANY} on this machine: raise its limit of open files (fs.file-max)`,
}

/** Returns how many files and connections this process may have open; null if there is no limit, or it is unknown. */
export function maxOpenFiles (): number | null {
  const { report } = process
  const { excludeNetwork } = report as typeof report & { excludeNetwork?: boolean }
  Object.assign(report, { excludeNetwork: true }) // else it would look up the names of all peers
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } }
  Object.assign(report, { excludeNetwork })
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : null
}

/** How many files, connections included, this process may have open at a time; null where the system sets no limit or does not tell. */
export function maxOpenFiles (): number | null {
  const { report } = process
  const { excludeNetwork } = report as typeof report & { excludeNetwork?: boolean }
  Object.assign(report, { excludeNetwork: true }) // else it would look up the names of all peers
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } }
  Object.assign(report, { excludeNetwork })
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : null
}

import { readFile } from 'node:fs/promises'
import type { SandboxSettings } from '../src/sandbox/settings/settings.ts'

export const PAGE = await readFile('docs/what-happens-when.md', 'utf8')

/** A row of a table: a setting of the sandbox, and how the run ends. */
export interface Row {
  /** The heading that it is under. */
  section: string
  tier: SandboxSettings['tier']
  setting: string
  status: string
  error: string
  gaps: string[]
  log: string[]
}

/** The tables of the page: a setting of the sandbox in the first cell, and how the run ends in the next four. */
export const ROWS: Row[] = PAGE.split(/^## /m).flatMap((section) => {
  const tier = section.split('\n', 1)[0]?.includes('--tier extended') === true ? 'extended' : 'development'
  return [...section.matchAll(/^\| `(\{.*?\})` \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|/gm)].map(
    ([, setting, status, error, gaps, log]): Row => ({
      section: section.split('\n', 1)[0] ?? '',
      tier,
      setting: setting ?? '',
      status: status?.trim() ?? '',
      error: error?.trim() ?? '',
      gaps:
        gaps
          ?.split(',')
          .map((code) => code.trim())
          .filter((code) => code !== '') ?? [],
      log: [...(log?.matchAll(/`([^`]+)`/g) ?? [])].map(([, message]) => message ?? ''),
    })
  )
})

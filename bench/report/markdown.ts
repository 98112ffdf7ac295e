import { type Check, type Figures, type Row, type Table, errorOf, isWhole } from '../results.ts'
import { median, sum } from '../statistics.ts'
import type { Machine } from './machine.ts'

export interface Report {
  command: string
  startedAt: string
  seconds: number
  latencyMs: number
  machine: Machine
  tables: Table[]
  figures: Figures[]
  checks: Check[]
}

const COURSE = 'the course pipeline'

/** The whole report, with headings of the third level. */
export function renderReport (report: Report): string {
  return [
    ...renderMachine(report),
    '### Targets\n', ...renderRows(['target', 'promise', 'measured', ''], report.checks.map(({ target, promise, measured, ok, kind }) => [target, promise, measured, ok ? 'kept' : `**missed**${kind === 'count' ? ' (fails the command)' : ''}`])),
    ...report.tables.flatMap(renderTable),
    ...report.figures.flatMap(({ title, about, columns, rows }) => [`\n### ${capital(title)}\n`, ...about, '', ...renderRows(columns, rows)]),
  ].join('\n')
}

function renderMachine ({ command, startedAt, seconds, latencyMs, machine }: Report): string[] {
  const { cpu, cores, memoryGb, system, versions, commit, load, syncMs, callMs } = machine
  return [
    `\`${command}\` at ${startedAt}, ${Math.round(seconds)} s, commit ${commit}.`,
    `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, load ${load.toFixed(2)} before the start; ` +
    `an fsync took ${syncMs.toFixed(2)} ms, and one call of ${latencyMs} ms took ${callMs.toFixed(1)} ms.`,
    `${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')}.\n`,
  ]
}

function renderTable (table: Table): string[] {
  const course = table.rows.find(({ contender }) => contender === COURSE)
  const courseMs = course === undefined || !isWhole(table, course) ? null : wallMs(course)
  return [
    `\n### ${capital(table.title)}\n`,
    ...table.about,
    '',
    ...renderRows(
      ['contender', 'rounds', 'calls', 'wall time in s: median (from, to)', 'of the critical path', 'times faster than the course pipeline', 'peak memory in MB', 'peak calls in flight', 'got'],
      table.rows.map((row) => renderRow(table, row, courseMs))
    ),
  ]
}

function renderRow (table: Table, row: Row, courseMs: number | null): string[] {
  const { samples, contender, criticalMs = table.criticalMs } = row
  const times = samples.map((sample) => sample.wallMs)
  const isComparable = isWhole(table, row)
  return [
    contender,
    String(samples.length),
    range(samples.map(({ stats }) => stats.calls)),
    `${seconds(median(times))} (${seconds(Math.min(...times))}, ${seconds(Math.max(...times))})`,
    isComparable && criticalMs !== null ? `${(wallMs(row) / criticalMs).toFixed(2)} ×` : '',
    isComparable && courseMs !== null && contender !== COURSE ? `${(courseMs / wallMs(row)).toFixed(1)} ×` : '',
    range(samples.map(({ peakMemoryMb }) => Math.round(peakMemoryMb))),
    range(samples.map(({ stats }) => stats.peakInFlight)),
    gotText(table, row),
  ]
}

function gotText (table: Table, row: Row): string {
  const { outcomes = [] } = row.samples[0] ?? {}
  const error = row.samples.map((sample) => errorOf(sample.outcomes)).find((text) => text !== null) ?? null
  if (error !== null) return `**failed**: ${error}`
  if (isWhole(table, row)) return 'everything'
  const whole = { albums: table.albums * outcomes.length, tracks: table.tracks * outcomes.length }
  return `**${sum(outcomes.map(({ albums }) => albums))} of ${whole.albums} albums, ${sum(outcomes.map(({ tracks }) => tracks))} of ${whole.tracks} tracks, and no error**`
}

function wallMs ({ samples }: Row): number {
  return median(samples.map((sample) => sample.wallMs))
}

function seconds (ms: number): string {
  return (ms / 1000).toFixed(3)
}

function range (values: readonly number[]): string {
  const [from, to] = [Math.min(...values), Math.max(...values)]
  return from === to ? String(from) : `${from} to ${to}`
}

function renderRows (columns: string[], rows: string[][]): string[] {
  return [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}

function capital (text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

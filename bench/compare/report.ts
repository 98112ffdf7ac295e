import type { Result } from './measure.ts'
import type { Scenario } from './scenarios.ts'

/** What the page shows of one comparison. */
export interface Comparison {
  results: readonly Result[]
  scenarios: readonly Scenario[]
  /** The lines of code of each example, by contender. */
  codeLines: ReadonlyMap<string, number>
  latencyMs: number
}

const COLUMNS = [
  'fault', 'by', 'calls', 'seconds', 'complete albums', 'tracks', 'albums over 50 tracks', 'what the caller is told',
]
const TIME_COLUMN = COLUMNS.indexOf('seconds')

/** Renders the figures as Markdown. */
export function renderComparison ({ results, scenarios, codeLines, latencyMs }: Comparison): string {
  const lines = [...codeLines].map(([contender, count]) => `${contender} ${count}`).join(', ')
  return [
    `Lines of code without comments: ${lines}. Each call takes ${latencyMs} ms.`,
    '',
    ...scenarios.map(({ name, about }) => `- **${name}**: ${about}.`),
    '',
    row(COLUMNS),
    row(COLUMNS.map(() => '---')),
    ...results.map((result, index) => row(cells(result, results[index - 1]))),
  ].join('\n')
}

function cells (result: Result, before: Result | undefined): string[] {
  const { scenario, contender, calls, wallMs, told } = result
  const name = scenario === before?.scenario ? '' : scenario
  const seconds = (wallMs / 1000).toFixed(1)
  const counts = [result.completeAlbums, result.tracks, result.completeLongAlbums].map(String)
  return [name, contender, String(calls), seconds, ...counts, told === '' ? 'nothing is missing' : `\`${told}\``]
}

function row (texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
}

/** Leaves out the figures of a rendered comparison that differ from run to run. */
export function stableLines (text: string): string[] {
  const lines = text.split('\n')
  return lines.map((line) => line.startsWith('|') ? withoutTime(line) : line.replace(/ Each call takes .*/, ''))
}

function withoutTime (line: string): string {
  return line.split(' | ').filter((_cell, column) => column !== TIME_COLUMN).join(' | ')
}

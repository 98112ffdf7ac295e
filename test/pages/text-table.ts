import type { Rows } from '../services/tables/duckdb.ts'

/** Writes rows as text: columns under their names, texts to the left and numbers to the right. */
export function textOf (rows: Rows): string {
  const names = Object.keys(rows[0] ?? {})
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name])))]
  const widths = names.map((_name, place) => Math.max(...lines.map((line) => line[place]?.length ?? 0)))
  const isNumber = names.map((name) => rows.every((row) => /^-?\d+$/.test(String(row[name]))))
  const cell = (text: string, place: number): string =>
    isNumber[place] ? text.padStart(widths[place] ?? 0) : text.padEnd(widths[place] ?? 0)
  return lines.map((line) => line.map(cell).join('  ').trimEnd() + '\n').join('')
}

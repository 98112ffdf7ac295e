import type { Fields } from '../fields.ts'
import { isText } from '../tables/cell.ts'
import { CHECK_IDS, type CheckId, definitionOf } from './checks.ts'
import type { CheckDefinition } from './check-definition.ts'
import { type ProfiledTable, columnsOf } from './columns.ts'

/** Whether a row is as it should be; null: the check does not apply to it. */
export type RowTest<Row> = (row: Row) => boolean | null

type ValueTest = (value: unknown) => boolean | null

/**
 * Returns the tests that follow from the definitions alone, by the last part of the check's id. A value that is missing
 * is for `present`, one of another type for `types`: no other test counts it again.
 */
export function columnTests (table: ProfiledTable): Array<[id: CheckId, test: RowTest<Fields>]> {
  const columns = new Map(columnsOf(table).map((column) => [column.name, column]))
  return CHECK_IDS.flatMap((id): Array<[CheckId, RowTest<Fields>]> => {
    const definition = definitionOf(id)
    const column = definition.table === table ? columns.get(definition.column ?? '') : undefined
    const test = valueTest(id.slice(id.lastIndexOf('.') + 1), definition)
    return column === undefined || test === null ? [] : [[id, (record) => test(column.read(record))]]
  })
}

function valueTest (kind: string, { range, values, pattern, limit }: CheckDefinition): ValueTest | null {
  if (kind === 'present') return (value) => value !== undefined && value !== null && value !== ''
  if (range !== undefined) return (value) => isInteger(value) ? value >= range[0] && value <= range[1] : null
  if (values !== undefined) return ofText((text) => values.includes(text))
  if (pattern !== undefined) return ofText((text) => pattern.test(text))
  if (kind === 'text' && limit !== undefined) return isShortText(limit)
  return null
}

function isShortText (limit: number): ValueTest {
  return ofText((text) => text.length <= limit && isText(text))
}

function ofText (test: (text: string) => boolean): ValueTest {
  return (value) => typeof value === 'string' && value !== '' ? test(value) : null
}

export function isInteger (value: unknown): value is number {
  return Number.isSafeInteger(value)
}

import type { ContractRule } from './contract-rule.ts'
import { type Reference, type Table, keyOf, referencesOf } from '../tables/define-table.ts'
import { qualityRules } from './quality-rules.ts'
import { TABLES } from '../tables/tables.ts'

/** The rules that follow from the columns: what is never null, keys, references. */
export function structuralRules (tables: readonly Table[]): ContractRule[] {
  return tables.flatMap((table) => {
    const references = referencesOf(table).map((reference) => referenceRule(table, reference))
    return [...notNullRules(table), uniqueRule(table), ...references]
  })
}

function notNullRules ({ name: table, columns }: Table): ContractRule[] {
  return columns.filter(({ nullable }) => !nullable).map(({ name: column }) => ({
    name: `${table}_${column}_not_null`,
    table,
    column,
    dimension: 'completeness',
    severity: 'error',
    description: `${column} is never null.`,
    measure: { metric: 'nullValues', mustBe: 0 },
  }))
}

function uniqueRule (table: Table): ContractRule {
  const columns = keyOf(table)
  const [first = null, ...more] = columns
  const isSingle = more.length === 0
  return {
    name: `${table.name}_key_unique`,
    table: table.name,
    column: isSingle ? first : null,
    dimension: 'uniqueness',
    severity: 'error',
    description: `No two rows have the same ${columns.join(', ')}.`,
    measure: { metric: 'duplicateValues', mustBe: 0, ...isSingle ? {} : { arguments: { properties: columns } } },
  }
}

function referenceRule ({ name, columns: all }: Table, { columns, table, to }: Reference): ContractRule {
  const on = columns.map((column, place) => `a.${column} = b.${to[place]}`).join(' AND ')
  const nullable = all.filter((column) => column.nullable && columns.includes(column.name))
  const given = nullable.map((column) => ` AND a.${column.name} IS NOT NULL`)
  return {
    name: `${name}_refers_to_${table}`,
    table: name,
    column: columns.length === 1 ? columns[0] ?? null : null,
    dimension: 'consistency',
    severity: 'error',
    description: `Each ${columns.join(', ')} is that of a row in ${table}.`,
    measure: {
      query: `SELECT COUNT(*) FROM ${name} a LEFT JOIN ${table} b ON ${on} WHERE b.${to[0]} IS NULL${given.join('')}`,
      mustBe: 0,
    },
  }
}

/** All rules of the contract. */
export const CONTRACT_RULES: readonly ContractRule[] = [...structuralRules(TABLES), ...qualityRules()]

import { readFile } from 'node:fs/promises'
import { keyOf, referencesOf } from '../src/services/tables/define-table.ts'
import { TABLES } from '../src/services/tables/tables.ts'
import { madeFile } from './made-file.js'

const PAGE = 'docs/data.md'
const SQL_TYPES = { DATE: 'date', INT32: 'integer', INT64: 'bigint', BOOLEAN: 'boolean', UTF8: 'text' }

/** What of docs/data.md is made from the definitions of the tables, by the name in its comments. */
const PARTS = {
  columns: TABLES.map(columnsOf).join('\n'),
  tiers: TABLES.flatMap(({ name, columns }) => columns.filter(({ isExtended }) => isExtended).map((column) => `\`${name}.${column.name}\``)).join(', ') + '\n',
  sql: `\`\`\`sql\n${TABLES.map(createStatement).join('\n')}\`\`\`\n`,
}

function columnsOf (table) {
  const rows = table.columns.map(({ name, type, nullable, isKey, reference, description }) => {
    const role = [isKey ? 'key' : '', reference === null ? '' : `→ \`${reference}\``].filter(Boolean).join(' ')
    return `| \`${name}\` | ${type} | ${nullable ? 'yes' : 'no'} | ${role} | ${description} |\n`
  })
  return `### ${table.name}\n\nOne row per ${table.row}.\n\n| column | type | null | key | what it is |\n|---|---|---|---|---|\n${rows.join('')}`
}

function createStatement (table) {
  const columns = table.columns.map(({ name, type, nullable }) => `${name} ${SQL_TYPES[type]}${nullable ? '' : ' NOT NULL'}`)
  const references = referencesOf(table).map(({ columns, table: target, to }) => `FOREIGN KEY (${columns.join(', ')}) REFERENCES ${target} (${to.join(', ')})`)
  return `CREATE TABLE ${table.name} (\n  ${[...columns, `PRIMARY KEY (${keyOf(table).join(', ')})`, ...references].join(',\n  ')}\n);\n`
}

const page = await readFile(PAGE, 'utf8')
const made = page.replace(/(<!-- made: (\w+) -->\n).*?(<!-- end -->)/gs, (_part, begin, name, end) => `${begin}\n${PARTS[name]}\n${end}`)
await madeFile(PAGE, made, 'node scripts/data-tables.js')

import { readFile, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ConfigSchema } from '../src/config.ts'
import { RUN_ERROR_CODES } from '../src/error-codes.ts'
import { FIELD_NAMES, SOURCES, ownerOf } from '../src/schemas/ingest-body.ts'

const DEFAULTS = Object.fromEntries(Object.entries(ConfigSchema.properties).map(([name, { default: value }]) => [name, value === undefined ? '' : String(value)]))

t.test('.env.template has the variables of the schema, in its order, with its defaults', async (t) => {
  const lines = (await readFile('.env.template', 'utf8')).matchAll(/^([A-Z0-9_]+)=(.*)$/gm)
  t.strictSame([...lines].map(([, name, value]) => [name, value]), Object.entries(DEFAULTS))
})

t.test('the table in README.md has them too', async (t) => {
  const readme = await readFile('README.md', 'utf8')
  const rows = [...readme.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| (?:`([^`]*)`|[a-z]+) \|/gm)].map(([, name, value]) => [name, value ?? ''])
  t.strictSame(rows, Object.entries(DEFAULTS))
})

t.test('README.md has each code with which a run can end or pause', async (t) => {
  const readme = await readFile('README.md', 'utf8')
  for (const code of RUN_ERROR_CODES) t.ok(readme.includes(`\`${code}\``), code)
})

t.test('the table of the body of POST /ingest in README.md has each field, each source, and whose field it is', async (t) => {
  const table = (await readFile('README.md', 'utf8')).split('The body of `POST /ingest`')[1]?.split('\n\n')[1] ?? ''
  const rows = [...table.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name = '', values = '']) => [name, values] as const)
  t.strictSame(rows.map(([name]) => name), FIELD_NAMES)
  const valuesOf = new Map<string, string>(rows)
  for (const source of SOURCES) t.ok(valuesOf.get('source')?.includes(`\`${source}\``), source)
  for (const name of FIELD_NAMES) if (ownerOf(name) !== null) t.ok(valuesOf.get(name)?.includes(`\`${ownerOf(name)}\``), name)
})

t.test('each npm script that README.md and CONTRIBUTING.md name exists, and each script is in one of them', async (t) => {
  const text = await readFile('README.md', 'utf8') + await readFile('CONTRIBUTING.md', 'utf8')
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> }
  const named = new Set([...text.matchAll(/npm (?:run (?:-s )?)?(test\b(?!:)|start\b|(?<=run (?:-s )?)[a-z:]+)/g)].map(([, name]) => name ?? ''))
  for (const name of named) t.ok(name in scripts, `npm run ${name}`)
  for (const name of Object.keys(scripts).filter((name) => !name.startsWith('pre'))) t.ok(named.has(name), `${name} is explained`)
})

t.test('each link of a document leads to a file, and to a heading that the file has', async (t) => {
  const folders = await Promise.all(['docs', 'deploy', 'bench'].map(async (folder) => (await readdir(folder, { recursive: true })).map((path) => join(folder, path))))
  const documents = [...folders.flat().filter((path) => path.endsWith('.md')), 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  for (const path of documents) {
    const text = (await readFile(path, 'utf8')).replaceAll(/^```.*?^```/gms, '')
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file = '', heading] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      const found = await stat(target).catch(() => null)
      t.ok(found, `${path}: ${link}`)
      if (heading !== undefined) t.ok(headingsOf(await readFile(target, 'utf8')).includes(heading), `${path}: ${link}`)
    }
  }
})

t.test('each file and folder that docs/architecture.md names is there, and so is each name that it gives of one', async (t) => {
  const text = await readFile('docs/architecture.md', 'utf8')
  const paths = new Set([...text.matchAll(/`((?:src|test|scripts)\/[^`]*)`/g)].map(([, path]) => path ?? ''))
  t.ok(paths.size > 20)
  for (const path of paths) t.ok(await stat(path).catch(() => null), path)
  const steps = [...text.matchAll(/^\| .*?`(?:spotify\.|ledger\.)?(\w+)(?:\(.*?)?`.*? \| `(src\/[^`]*)` \|/gm)]
  t.ok(steps.length >= 5)
  for (const [, name = '', path = ''] of steps) t.match(await readFile(path, 'utf8'), new RegExp(`\\b${name}\\b`), `${name} in ${path}`)
})

/** The names by which links find headings, as GitHub makes them. */
function headingsOf (text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'))
}

t.test('each log message that the documents show is one that the service writes', async (t) => {
  const sources = (await readdir('src', { recursive: true })).filter((path) => path.endsWith('.ts'))
  const code = (await Promise.all(sources.map(async (path) => await readFile(join('src', path), 'utf8')))).join('\n')
  const shown = [...(await readFile('docs/what-happens-when.md', 'utf8')).matchAll(/"msg":"([^"]+)"/g)]
  const explained = [...(await readFile('docs/operations.md', 'utf8')).matchAll(/^\| `([^`]+)` \| (?:warn|error) \|/gm)]
  t.ok(shown.length > 0 && explained.length > 0)
  for (const [, message = ''] of [...shown, ...explained]) t.ok(code.includes(`'${message}'`), message)
})

t.test('each test file is in exactly one suite, short or long', async (t) => {
  const paths = await Promise.all(['test/suites', 'test/long', 'test/long/timed'].map(async (folder) => (await readdir(folder)).map((name) => `${folder}/${name}`)))
  const suites = paths.flat().filter((path) => path.endsWith('.ts')).map(async (path) => await readFile(path, 'utf8'))
  const imported = (await Promise.all(suites)).flatMap((text) => [...text.matchAll(/^import '(?:\.\.\/)+(.*)'$/gm)].map(([, path]) => path)).sort()
  const files = (await readdir('test', { recursive: true })).filter((path) => path.endsWith('.test.ts')).sort()
  t.strictSame(imported, files)
})

import { spawnSync } from 'node:child_process'
import { readFile, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ConfigSchema } from '../src/config.ts'
import { RUN_ERROR_CODES } from '../src/error-codes.ts'
import { FIELD_NAMES, SOURCES, ownerOf } from '../src/schemas/ingest-body.ts'
import { blocksOf, examplesOf, pages } from './pages/blocks.ts'
import { EXCEPTIONS, OUTPUTS_ALONE, exceptionFor } from './pages/exceptions.ts'

const DEFAULTS = Object.fromEntries(
  Object.entries(ConfigSchema.properties).map(([name, { default: value }]) => [
    name,
    value === undefined ? '' : String(value),
  ])
)

t.test('.env.template has the variables of the schema, in its order, with its defaults', async (t) => {
  const lines = (await readFile('.env.template', 'utf8')).matchAll(/^([A-Z0-9_]+)=(.*)$/gm)
  t.strictSame([...lines].map(([, name, value]) => [name, value]), Object.entries(DEFAULTS))
})

t.test('the table in docs/configuration.md has them too', async (t) => {
  const page = await readFile('docs/configuration.md', 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| (?:`([^`]*)`|[a-z]+) \|/gm)].map(([, name, value]) => [
    name,
    value ?? '',
  ])
  t.strictSame(rows, Object.entries(DEFAULTS))
})

t.test('docs/api.md has each code with which a run can end or pause', async (t) => {
  const page = await readFile('docs/api.md', 'utf8')
  for (const code of RUN_ERROR_CODES) t.ok(page.includes(`\`${code}\``), code)
})

t.test('the table of the body of POST /ingest in docs/api.md has each field, each ' +
  'source, and whose field it is', async (t) => {
  const table = (await readFile('docs/api.md', 'utf8')).split('The body of `POST /ingest`')[1]?.split('\n\n')[1] ?? ''
  const rows = [...table.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(
    ([, name = '', values = '']) => [name, values] as const
  )
  t.strictSame(rows.map(([name]) => name), FIELD_NAMES)
  const valuesOf = new Map<string, string>(rows)
  for (const source of SOURCES) t.ok(valuesOf.get('source')?.includes(`\`${source}\``), source)
  for (const name of FIELD_NAMES) {
    if (ownerOf(name) !== null) t.ok(valuesOf.get(name)?.includes(`\`${ownerOf(name)}\``), name)
  }
})

t.test('each npm script that the documents name exists, and each script is in one of them', async (t) => {
  const texts = await Promise.all(
    ['CONTRIBUTING.md', ...(await pages())].map(async (path) => await readFile(path, 'utf8'))
  )
  const text = texts.join('\n')
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> }
  const named = new Set(
    [...text.matchAll(/npm (?:run (?:-s )?)?(test\b(?!:)|start\b|(?<=run (?:-s )?)[a-z:]+)/g)].map(
      ([, name]) => name ?? ''
    )
  )
  for (const name of named) t.ok(name in scripts, `npm run ${name}`)
  for (const name of Object.keys(scripts).filter((name) => !name.startsWith('pre'))) {
    t.ok(named.has(name), `${name} is explained`)
  }
})

t.test('each link of a document leads to a file, and to a heading that the file has', async (t) => {
  const folders = await Promise.all(
    ['docs', 'deploy', 'bench', 'examples'].map(async (folder) =>
      (await readdir(folder, { recursive: true })).map((path) => join(folder, path))
    )
  )
  const documents = [
    ...folders.flat().filter((path) => path.endsWith('.md')),
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ]
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

t.test('each file and folder that docs/architecture.md names is there, and so is ' +
  'each name that it gives of one', async (t) => {
  const text = await readFile('docs/architecture.md', 'utf8')
  const paths = new Set([...text.matchAll(/`((?:src|test|scripts)\/[^`]*)`/g)].map(([, path]) => path ?? ''))
  t.ok(paths.size > 20)
  for (const path of paths) t.ok(await stat(path).catch(() => null), path)
  const steps = [...text.matchAll(/^\| .*?`(?:spotify\.|ledger\.)?(\w+)(?:\(.*?)?`.*? \| `(src\/[^`]*)` \|/gm)]
  t.ok(steps.length >= 5)
  for (const [, name = '', path = ''] of steps) {
    t.match(await readFile(path, 'utf8'), new RegExp(`\\b${name}\\b`), `${name} in ${path}`)
  }
})

/** The names by which links find headings, as GitHub makes them. */
function headingsOf (text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
  )
}

t.test('each log message that the documents show is one that the service writes', async (t) => {
  const sources = (await readdir('src', { recursive: true })).filter((path) => path.endsWith('.ts'))
  const code = (await Promise.all(sources.map(async (path) => await readFile(join('src', path), 'utf8')))).join('\n')
  const shown = [...(await readFile('docs/what-happens-when.md', 'utf8')).matchAll(/"msg":"([^"]+)"/g)]
  const explained = [...(await readFile('docs/operations.md', 'utf8')).matchAll(/^\| `([^`]+)` \| (?:warn|error) \|/gm)]
  t.ok(shown.length > 0 && explained.length > 0)
  for (const [, message = ''] of [...shown, ...explained]) t.ok(code.includes(`'${message}'`), message)
})

t.test('README.md is short', async (t) => {
  const lines = (await readFile('README.md', 'utf8')).trimEnd().split('\n')
  t.ok(lines.length <= 140, `${lines.length} lines`)
  t.strictSame(lines.filter((line) => line.length > 120), [])
})

/** They are run by test/long/pages.long.ts. */
t.test('each block of commands is right in its syntax, and names files that are there', async (t) => {
  for (const page of [...await pages(), 'deploy/kubernetes/README.md', 'bench/README.md']) {
    for (const { code, line } of (await blocksOf(page)).filter(
      ({ language }) => language === 'sh' || language === 'bash'
    )) {
      t.match(
        spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' }),
        { status: 0, stderr: '' },
        `${page}:${line}`
      )
      for (const [path] of code.matchAll(/(?<=^|\s)(?:src|scripts|deploy|examples|docs)\/[\w./-]*/g)) {
        t.ok(await stat(path).catch(() => null), `${page}:${line}: ${path}`)
      }
    }
  }
})

t.test('each block that is not run is there, and so is the test that runs it instead', async (t) => {
  for (const { page, has, runBy } of EXCEPTIONS) {
    t.ok(
      (await blocksOf(page)).some(({ code }) => code.split('\n').some((line) => line.startsWith(has))),
      `${page}: ${has}`
    )
    if (runBy !== undefined) t.ok(await stat(runBy).catch(() => null), runBy)
  }
})

t.test('each output that a page shows is under the commands that it comes of', async (t) => {
  for (const page of await pages()) {
    const { examples, alone } = await examplesOf(page)
    t.equal(alone.length, page in OUTPUTS_ALONE ? 1 : 0, `${page}: ${OUTPUTS_ALONE[page] ?? 'no output alone'}`)
    for (const { code, line, language, outputs } of examples) {
      const { runBy, again } = exceptionFor(page, code) ?? {}
      if (runBy !== undefined || (language === 'python' && page === 'docs/data.md')) continue
      const compared = ['sh', 'bash', 'sql'].includes(language) ? again === undefined ? 1 : 2 : 0
      t.ok(outputs.length <= compared, `${page}:${line}: of ${outputs.length} outputs ${compared} are compared`)
    }
  }
})

t.test('each test file is in exactly one suite, short or long', async (t) => {
  const paths = await Promise.all(
    ['test/suites', 'test/long', 'test/long/timed'].map(async (folder) =>
      (await readdir(folder)).map((name) => `${folder}/${name}`)
    )
  )
  const suites = paths.flat().filter((path) => path.endsWith('.ts')).map(async (path) => await readFile(path, 'utf8'))
  const imported = (await Promise.all(suites))
    .flatMap((text) => [...text.matchAll(/^import '(?:\.\.\/)+(.*)'$/gm)].map(([, path]) => path))
    .sort()
  const files = (await readdir('test', { recursive: true })).filter((path) => path.endsWith('.test.ts')).sort()
  t.strictSame(imported, files)
})

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { downloadTables, examplesOf, missing } from './data-page.ts'
import { textOf } from './pages/text-table.ts'
import { startPostgresql } from './postgresql.ts'
import { runCommand } from './process.ts'
import { skipOnReplicas, startService } from './service.ts'
import { openDuck } from './services/tables/duckdb.ts'

/** Debian's, which has pandas where its package is installed. */
const PYTHON = '/usr/bin/python3'
const NO_PANDAS = missing(
  PYTHON,
  ['-c', 'import pandas'],
  'no pandas on this machine (Debian: apt-get install python3-pandas)'
)
const NO_MATPLOTLIB = missing(
  PYTHON,
  ['-c', 'import pandas, matplotlib'],
  'no pandas or matplotlib on this machine (Debian: apt-get install python3-pandas python3-matplotlib)'
)
const NO_PSQL = missing('psql', ['--version'], 'no psql on this machine (Debian: apt-get install postgresql-client)')

t.test('the examples of docs/data.md give what ' +
  'the page shows', { skip: skipOnReplicas('the page shows a single service') }, async (t) => {
  const service = await startService(t, { sandbox: { tier: 'development' } })
  t.match(await service.ingest(), { status: 'succeeded' })
  const folder = await downloadTables(t, service)

  await t.test('DuckDB', async (t) => {
    const duck = await openDuck(t)
    await duck.query(`SET file_search_path = '${folder}'`)
    const examples = examplesOf('DuckDB', 'sql')
    t.equal(examples.length, 2)
    for (const { code, output } of examples) t.equal(textOf(await duck.query(code)), output)
  })

  await t.test('pandas', { skip: NO_PANDAS }, async (t) => {
    const examples = examplesOf('pandas', 'python')
    t.equal(examples.length, 1)
    for (const { code, output } of examples) {
      await writeFile(join(folder, 'example.py'), code)
      const ended = await runCommand(PYTHON, ['example.py'], {}, folder)
      t.equal(ended.stderr, '')
      t.equal(ended.stdout.replaceAll(/ +$/gm, ''), output)
    }
  })

  await t.test('the plot, which is a picture', { skip: NO_MATPLOTLIB }, async (t) => {
    const examples = examplesOf('A plot', 'python')
    t.equal(examples.length, 1)
    for (const { code, output } of examples) {
      await writeFile(join(folder, 'plot.py'), code)
      const ended = await runCommand(PYTHON, ['plot.py'], { MPLCONFIGDIR: folder }, folder)
      t.equal(ended.stdout.replaceAll(/ +$/gm, ''), output, ended.stderr)
      t.equal((await readFile(join(folder, 'tracks.png'))).toString('latin1', 1, 4), 'PNG')
    }
  })

  await t.test('PostgreSQL', { skip: NO_PSQL }, async (t) => {
    const server = await startPostgresql(t)
    if (server === null) return
    const examples = examplesOf('PostgreSQL', 'sql')
    t.equal(examples.length, 2)
    await writeFile(join(folder, 'example.sql'), examples.map(({ code }) => code).join('\n'))
    const ended = await runCommand(
      'psql',
      ['--quiet', '--no-psqlrc', '--set=ON_ERROR_STOP=1', '--file=example.sql', server.url],
      {},
      folder
    )
    t.equal(ended.stderr, '')
    t.equal(ended.stdout.replaceAll(/ +$/gm, '').trim(), examples[1]?.output?.trim())
  })
})

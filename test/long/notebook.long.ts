import { readFile } from 'node:fs/promises'
import t from 'tap'
import { request } from 'undici'
import {
  type Cell, type Notebook, type Output, describeMissing, executeNotebook, NOTEBOOK, toFileText,
} from '../../scripts/notebook/jupyter.ts'
import { startServers } from '../../scripts/notebook/servers.ts'

const PLOTS = ['plot-costs', 'plot-days', 'plot-tracks', 'plot-durations']
const PNG = /^iVBORw0KGgo/

const stored = JSON.parse(await readFile(NOTEBOOK, 'utf8')) as Notebook

t.test('the stored notebook was executed once, from its first cell to its last', async (t) => {
  const codeCells = stored.cells.filter(isCode)
  t.ok(codeCells.length > 20)
  t.strictSame(codeCells.map(({ execution_count: count }) => count), codeCells.map((_, index) => index + 1))
  t.strictSame(plotsOf(stored), PLOTS)
})

t.test('it is stored as --execute writes it, so that an edit changes no other line', async (t) => {
  t.equal(await readFile(NOTEBOOK, 'utf8'), toFileText(stored))
  const ids = stored.cells.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  for (const id of ids) t.match(id, /^[a-z]+(-[a-z]+)*$/, 'an id that says what the cell is about')
})

t.test('its outputs show no port, run id or time', async (t) => {
  for (const { id, outputs } of readable(stored)) t.notMatch(JSON.stringify(outputs), VARYING, id)
})

/** With CI=true a missing Jupyter is a failure. */
const reason = process.env['CI'] === 'true' ? null : describeMissing(['nbconvert'])

t.test('executed twice beside one service, it has the stored outputs', { skip: reason ?? false }, async (t) => {
  const servers = await startServers({ sandbox: 0, service: 0 })
  t.teardown(servers.close)
  const ended = new AbortController()
  t.teardown(() => ended.abort())
  const first = await executeNotebook(servers, ended.signal)
  t.strictSame(readable(first), readable(stored), 'npm run notebook -- --execute stores new outputs')
  t.strictSame(plotsOf(first), PLOTS)
  const runs = await (await request(`${servers.url}/runs?limit=1`)).body.json()
  t.match(runs, { runs: [{ createdAt: /^2026-11-21T/ }] }, 'checks of dates find the same in any year')
  const second = await executeNotebook(servers, ended.signal)
  t.strictSame(second.cells, first.cells, 'plots included')
})

/** An address, a UUID of a run, a time of day. */
const VARYING = /127\.0\.0\.1|localhost|[0-9a-f]{8}-[0-9a-f]{4}-7|\d\d:\d\d:\d\d/

function isCode ({ cell_type: type }: Cell): boolean {
  return type === 'code'
}

/** Returns the outputs as text. Images and HTML differ between versions of matplotlib and pandas. */
function readable ({ cells }: Notebook): Array<{ id: string, outputs: unknown[] }> {
  return cells.filter(isCode).map(({ id, outputs = [] }) => ({ id, outputs: outputs.map(textOf) }))
}

function textOf ({ output_type: type, name, text, data }: Output): unknown {
  return { type, name, text: text ?? data?.['text/plain'] }
}

function plotsOf ({ cells }: Notebook): string[] {
  const hasPlot = ({ outputs = [] }: Cell): boolean => outputs.some(({ data }) => PNG.test(String(data?.['image/png'])))
  return cells.filter(hasPlot).map(({ id }) => id)
}

import type uPlot from 'uplot'
import type { Plot } from '../plot.ts'
import { durationText } from './clock.ts'
import { type PlotData, colourOf, dataOf, optionsOf, seriesOf } from './plot-options.ts'
import { getMadeJson } from './service.ts'

declare global {
  interface Window { uPlot?: typeof uPlot }
}

interface Drawn {
  chart: uPlot
  canvas: HTMLElement
  plot: PlotData
}

const drawn = new Set<Drawn>()
/** How often the numbers were asked for, and how many of these are not answered yet. */
let [turns, pending] = [0, 0]

/** Draws the figures and fills their tables. Without uPlot or its numbers the link to all tables is what there is. */
export async function drawPlots (): Promise<void> {
  const container = document.querySelector<HTMLElement>('[data-plots]')
  if (container === null || window.uPlot === undefined) return
  const turn = ++turns
  pending++
  const answer = await getMadeJson(container.dataset['plots'] ?? '').catch(() => ({ plots: [] }))
  pending--
  if (turn !== turns) return // the page was swapped meanwhile, and asks for itself
  const { plots } = answer as { plots: Plot[] }
  forget((entry) => !entry.canvas.isConnected)
  for (const { rows, ...plot } of plots) {
    const figure = container.querySelector<HTMLElement>(`[data-plot="${CSS.escape(plot.id)}"]`)
    const canvas = figure?.querySelector<HTMLElement>('[data-canvas]')
    if (figure == null || canvas == null || rows === null || rows.length === 0) continue
    figure.hidden = false
    fillTable(figure, { ...plot, rows })
    draw(canvas, { ...plot, rows })
  }
}

/** Draws again with the numbers of a run that goes on; not where the last answer is still to come. */
export async function redrawPlots (): Promise<void> {
  if (pending === 0) await drawPlots()
}

/** Draws again when the colours change. */
export function keepPlotColours (): void {
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) {
    matchMedia(query).addEventListener('change', () => {
      for (const { canvas, plot } of [...drawn]) draw(canvas, plot)
    })
  }
}

function draw (canvas: HTMLElement, plot: PlotData): void {
  const UPlot = window.uPlot
  if (UPlot === undefined) return
  forget((entry) => entry.canvas === canvas)
  canvas.setAttribute('aria-hidden', 'true') // the table below it has the same numbers
  const legend = legendOf(plot)
  const place = document.createElement('div')
  canvas.replaceChildren(legend, place)
  const options = optionsOf(plot, canvas, UPlot, (index) => showValues(legend, plot, index))
  drawn.add({ chart: new UPlot(options, dataOf(plot), place), canvas, plot })
  resizes.observe(canvas)
}

function forget (isMeant: (entry: Drawn) => boolean): void {
  for (const entry of [...drawn].filter(isMeant)) {
    resizes.unobserve(entry.canvas)
    entry.chart.destroy()
    drawn.delete(entry)
  }
}

const resizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const width = Math.round(contentRect.width)
    const chart = [...drawn].find(({ canvas }) => canvas === target)?.chart
    if (chart !== undefined && width > 0 && width !== chart.width) chart.setSize({ width, height: chart.height })
  }
})

function fillTable (figure: HTMLElement, { columns, rows }: PlotData): void {
  const body = figure.querySelector('tbody')
  body?.replaceChildren(...rows.map(([x, ...values]) => {
    const row = document.createElement('tr')
    const head = row.appendChild(document.createElement('th'))
    head.scope = 'row'
    head.textContent = String(x)
    for (const [index, value] of values.entries()) {
      const cell = row.appendChild(document.createElement('td'))
      cell.className = 'number'
      cell.textContent = valueText(value, columns[index]?.unit)
    }
    return row
  }))
}

function valueText (value: number, unit: Plot['columns'][number]['unit'] | undefined): string {
  if (unit !== 'ms') return value.toLocaleString('en-US')
  return value === 0 ? '0' : value < 1000 ? `${value} ms` : durationText(value)
}

function legendOf (plot: PlotData): HTMLElement {
  const list = document.createElement('ul')
  list.className = 'plot-legend'
  for (const column of seriesOf(plot)) {
    const item = list.appendChild(document.createElement('li'))
    item.dataset['series'] = String(column)
    item.dataset['colour'] = String(colourOf(column))
    item.toggleAttribute('data-dashed', plot.columns[column]?.unit === 'ms')
    item.textContent = plot.columns[column]?.title ?? ''
  }
  return list
}

/** Adds the values under the pointer to the legend. */
function showValues (legend: HTMLElement, { kind, rows, columns }: PlotData, index: number | null): void {
  const row = index === null ? undefined : rows[index]
  for (const item of legend.children) {
    const column = Number((item as HTMLElement).dataset['series'])
    const { title = '', unit } = columns[column] ?? {}
    const at = kind === 'bars' ? row?.[0] : `${row?.[0]} s`
    item.textContent = row === undefined ? title : `${title}: ${valueText(Number(row[column + 1]), unit)} (${at})`
  }
}

import type uPlot from 'uplot'
import { durationText } from './clock.ts'
import { getJson } from './service.ts'

/** One figure of plots.json. Dates are Unix seconds, durations seconds. */
interface Plot {
  name: string
  kind: 'bars' | 'lines' | 'area'
  x: { label: string, kind: 'number' | 'date' | 'duration', values: number[] }
  series: Array<{ label: string, values: Array<number | null> }>
}

declare global {
  interface Window { uPlot?: typeof uPlot }
}

const DEFAULT_HEIGHT_PX = 180
const drawn = new Set<{ chart: uPlot, canvas: HTMLElement, plot: Plot }>()

/** Draws the figures whose numbers the page has in tables. Without uPlot or its data the tables are all there is. */
export async function drawPlots (): Promise<void> {
  forgetDetached()
  const container = document.querySelector<HTMLElement>('[data-plots]')
  if (container === null || window.uPlot === undefined) return
  const answer = await getJson(container.dataset['plots'] ?? '').catch(() => null) as { plots: Plot[] } | null
  for (const plot of answer?.plots ?? []) {
    const canvas = container.querySelector<HTMLElement>(`[data-plot="${CSS.escape(plot.name)}"] [data-canvas]`)
    if (canvas === null || plot.x.values.length === 0) continue
    canvas.hidden = false
    canvas.setAttribute('aria-hidden', 'true') // the table beside it has the same numbers
    draw(canvas, plot)
  }
}

/** Draws again when the colours change, and fits the width when that does. */
export function keepPlotsFitting (): void {
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) {
    matchMedia(query).addEventListener('change', () => {
      for (const entry of [...drawn]) {
        entry.chart.destroy()
        drawn.delete(entry)
        draw(entry.canvas, entry.plot)
      }
    })
  }
}

function draw (canvas: HTMLElement, plot: Plot): void {
  const UPlot = window.uPlot
  if (UPlot === undefined) return
  canvas.replaceChildren()
  const legend = canvas.appendChild(legendOf(plot))
  const place = canvas.appendChild(document.createElement('div'))
  const chart = new UPlot(optionsOf(plot, canvas, legend, UPlot), [plot.x.values, ...plot.series.map(({ values }) => values)] as uPlot.AlignedData, place)
  drawn.add({ chart, canvas, plot })
  resizes.observe(canvas)
}

const resizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const entry = [...drawn].find(({ canvas }) => canvas === target)
    if (entry !== undefined && contentRect.width > 0 && Math.round(contentRect.width) !== entry.chart.width) {
      entry.chart.setSize({ width: Math.round(contentRect.width), height: heightOf(entry.canvas) })
    }
  }
})

function forgetDetached (): void {
  for (const entry of [...drawn]) {
    if (entry.canvas.isConnected) continue
    resizes.unobserve(entry.canvas)
    entry.chart.destroy()
    drawn.delete(entry)
  }
}

function optionsOf (plot: Plot, canvas: HTMLElement, legend: HTMLElement, UPlot: typeof uPlot): uPlot.Options {
  const colour = (name: string): string => getComputedStyle(canvas).getPropertyValue(name).trim()
  const axis = { stroke: colour('--plot-axis'), grid: { stroke: colour('--plot-grid'), width: 1 }, ticks: { show: false }, font: '12px system-ui' }
  const pathsOf = plot.kind === 'bars' ? UPlot.paths.bars?.({ size: [0.8, 40] }) : undefined
  return {
    width: Math.max(1, Math.round(canvas.clientWidth)),
    height: heightOf(canvas),
    legend: { show: false },
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'), // a release date is a day, not a moment
    cursor: { drag: { x: false, y: false } },
    hooks: { setCursor: [({ cursor }) => showValues(legend, plot, cursor.idx ?? null)] },
    scales: { x: { time: plot.x.kind === 'date', range: (_chart, min, max) => xRange(plot, min, max) }, y: { range: (_chart, _min, max) => [0, Math.max(1, max * 1.05)] } },
    axes: [
      { ...axis, ...(plot.x.kind === 'duration' ? { values: (_chart, splits) => splits.map((seconds) => durationText(seconds * 1000)) } : {}) },
      { ...axis, size: 48, values: (_chart, splits) => splits.map((value) => Number.isInteger(value) ? value.toLocaleString() : '') },
    ],
    series: [{}, ...plot.series.map(({ label }, index) => ({
      label,
      width: 2,
      stroke: colour(`--plot-${index + 1}`),
      ...(plot.kind === 'lines' ? {} : { fill: colour(`--plot-${index + 1}`) }),
      points: { show: plot.kind !== 'bars' && plot.x.values.length === 1 },
      ...(pathsOf === undefined ? {} : { paths: pathsOf }),
    }))],
  }
}

/** Leaves room for half a bar at each end. */
function xRange ({ kind, x }: Plot, min: number, max: number): [number, number] {
  if (kind !== 'bars') return max > min ? [min, max] : [min, min + 1]
  const gaps = x.values.slice(1).map((value, index) => value - (x.values[index] ?? 0)).filter((gap) => gap > 0)
  const half = (gaps.length === 0 ? 1 : Math.min(...gaps)) / 2
  return [min - half, max + half]
}

function heightOf (canvas: HTMLElement): number {
  return parseInt(getComputedStyle(canvas).getPropertyValue('--plot-height'), 10) || DEFAULT_HEIGHT_PX
}

function legendOf ({ series }: Plot): HTMLElement {
  const list = document.createElement('ul')
  list.className = 'plot-legend'
  for (const [index, { label }] of series.entries()) {
    const item = list.appendChild(document.createElement('li'))
    item.dataset['series'] = String(index + 1)
    item.textContent = label
  }
  return list
}

/** Adds the values under the pointer to the legend. */
function showValues (legend: HTMLElement, { x, series }: Plot, index: number | null): void {
  for (const [place, item] of [...legend.children].entries()) {
    const { label = '', values = [] } = series[place] ?? {}
    const [at, value] = index === null ? [] : [x.values[index], values[index]]
    item.textContent = at == null || value == null ? label : `${label}: ${value.toLocaleString()} (${xText(x.kind, at)})`
  }
}

function xText (kind: Plot['x']['kind'], value: number): string {
  switch (kind) {
    case 'date': return new Date(value * 1000).toISOString().slice(0, 10)
    case 'duration': return durationText(value * 1000)
    case 'number': return value.toLocaleString()
  }
}

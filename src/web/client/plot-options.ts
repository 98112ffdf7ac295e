import type uPlot from 'uplot'
import type { Plot } from '../plot.ts'

/** A plot whose numbers are known. */
export type PlotData = Plot & { rows: NonNullable<Plot['rows']> }

const DEFAULT_HEIGHT_PX = 180
const Y_AXIS_PX = 48
const X_AXIS_PX = 32
/** Between two lines of the grid, at least. */
const LINE_PX = 28
const FONT = '12px system-ui, sans-serif'
/** Room that a label of a bar takes. */
const LABEL_PX = 80
const COLOURS = 4
const COUNTS = 'counts'
const SECONDS = 'seconds'

/** Returns the columns that have something to show. */
export function seriesOf ({ columns, rows }: PlotData): number[] {
  const places = [...columns.keys()]
  const shown = places.filter((column) => rows.some((row) => row[column + 1] !== 0))
  return shown.length === 0 ? places.slice(0, 1) : shown
}

/** Returns the number of a column's colour. Seconds are dashed lines, and may have the colours of counts. */
export function colourOf (column: number): number {
  return column % COLOURS + 1
}

/** Returns how uPlot draws a plot, in the colours of the stylesheet. */
export function optionsOf (plot: PlotData, canvas: HTMLElement, UPlot: typeof uPlot, onCursor: (index: number | null) => void): uPlot.Options {
  const style = getComputedStyle(canvas)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const axis = { stroke: colour('--plot-text'), grid: { stroke: colour('--plot-grid'), width: 1 }, ticks: { show: false }, font: FONT }
  const shown = seriesOf(plot)
  const scaleOf = (column: number): string => plot.columns[column]?.unit === 'ms' ? SECONDS : COUNTS
  const scales = [...new Set(shown.map(scaleOf))]
  const isBars = plot.kind === 'bars'
  const bars = isBars ? UPlot.paths.bars?.({ size: [0.8, 48] }) : undefined
  return {
    width: Math.max(1, Math.round(canvas.clientWidth)),
    height: parseInt(style.getPropertyValue('--plot-height'), 10) || DEFAULT_HEIGHT_PX,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? null)] },
    scales: {
      x: { time: false, range: (_chart, min, max) => isBars ? [-0.5, plot.rows.length - 0.5] : [min, Math.max(max, min + 1)] },
      ...Object.fromEntries(scales.map((scale) => [scale, { range: (_chart: uPlot, _min: number, max: number): uPlot.Range.MinMax => [0, Math.max(1, max * 1.05)] }])),
    },
    axes: [
      { ...axis, size: X_AXIS_PX, grid: { show: false }, ...(isBars ? { space: LABEL_PX, incrs: [1, 2, 5, 10, 20, 50], values: (_chart, splits) => splits.map((index) => String(plot.rows[index]?.[0] ?? '')) } : { values: (_chart, splits) => splits.map((seconds) => `${seconds} s`) }) },
      ...scales.map((scale, place): uPlot.Axis => ({
        ...axis,
        scale,
        size: Y_AXIS_PX,
        space: LINE_PX,
        side: place === 0 ? 3 : 1,
        ...(place === 0 ? {} : { grid: { show: false } }),
        values: (_chart, splits) => splits.map((value) => scale === SECONDS ? `${value} s` : Number.isInteger(value) ? value.toLocaleString('en-US') : ''),
      })),
    ],
    series: [{}, ...shown.map((column): uPlot.Series => {
      const stroke = colour(`--plot-${colourOf(column)}`)
      return { scale: scaleOf(column), stroke, width: isBars ? 0 : 2, ...(scaleOf(column) === SECONDS ? { dash: [6, 3] } : {}), points: { show: !isBars && plot.rows.length === 1 }, ...(isBars ? { fill: stroke } : {}), ...(bars === undefined ? {} : { paths: bars }) }
    })],
  }
}

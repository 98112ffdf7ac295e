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

const isSeconds = ({ columns }: PlotData, column: number): boolean => columns[column]?.unit === 'ms'

/** Returns the numbers that uPlot draws: bars by their place, lines over the seconds, to the end of the last step. */
export function dataOf (plot: PlotData): uPlot.AlignedData {
  const { rows, kind, stepSeconds } = plot
  const last = rows.at(-1)
  const drawn = kind === 'bars' || last === undefined ? rows : [...rows, endOf(last, stepSeconds)]
  const values = seriesOf(plot).map((column) =>
    drawn.map((row) => Number(row[column + 1]) / (isSeconds(plot, column) ? 1000 : 1)))
  return [drawn.map(([x], index) => kind === 'bars' ? index : Number(x)), ...values]
}

function endOf ([x, ...values]: PlotData['rows'][number], stepSeconds: number): PlotData['rows'][number] {
  return [Number(x) + stepSeconds, ...values]
}

/** Returns how uPlot draws a plot, in the colours of the stylesheet. */
export function optionsOf (
  plot: PlotData, canvas: HTMLElement, UPlot: typeof uPlot, onCursor: (index: number | null) => void
): uPlot.Options {
  const style = getComputedStyle(canvas)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const shown = seriesOf(plot)
  const scaleOf = (column: number): string => isSeconds(plot, column) ? SECONDS : COUNTS
  const scales = [...new Set(shown.map(scaleOf))]
  const axis = {
    stroke: colour('--plot-text'),
    grid: { stroke: colour('--plot-grid'), width: 1 },
    ticks: { show: false },
    font: FONT,
  }
  const rangeOfValues = (_chart: uPlot, _min: number, max: number): uPlot.Range.MinMax => [0, Math.max(1, max * 1.05)]
  return {
    width: Math.max(1, Math.round(canvas.clientWidth)),
    height: parseInt(style.getPropertyValue('--plot-height'), 10) || DEFAULT_HEIGHT_PX,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? null)] },
    scales: {
      x: { time: false, range: () => rangeOf(plot) },
      ...Object.fromEntries(scales.map((scale) => [scale, { range: rangeOfValues }])),
    },
    axes: [
      { ...axis, size: X_AXIS_PX, grid: { show: false }, ...labelsOf(plot) },
      ...scales.map((scale, place): uPlot.Axis => ({
        ...axis,
        scale,
        size: Y_AXIS_PX,
        space: LINE_PX,
        side: place === 0 ? 3 : 1,
        ...(place === 0 ? {} : { grid: { show: false } }),
        values: (_chart, splits) => splits.map(scale === SECONDS ? secondsText : wholeText),
      })),
    ],
    series: [{}, ...shown.map((column): uPlot.Series => ({
      scale: scaleOf(column),
      stroke: colour(`--plot-${colourOf(column)}`),
      points: { show: false },
      ...(isSeconds(plot, column) ? { dash: [6, 3] } : {}),
      ...shapeOf(plot, UPlot, colour(`--plot-${colourOf(column)}`)),
    }))],
  }
}

function rangeOf (plot: PlotData): uPlot.Range.MinMax {
  if (plot.kind === 'bars') return [-0.5, plot.rows.length - 0.5]
  const [seconds] = dataOf(plot)
  return [seconds[0] ?? 0, seconds.at(-1) ?? 1]
}

function labelsOf ({ kind, rows }: PlotData): Partial<uPlot.Axis> {
  if (kind === 'lines') return { values: (_chart, splits) => splits.map(secondsText) }
  return {
    space: LABEL_PX,
    incrs: [1, 2, 5, 10, 20, 50],
    values: (_chart, splits) => splits.map((index) => String(rows[index]?.[0] ?? '')),
  }
}

function shapeOf ({ kind }: PlotData, UPlot: typeof uPlot, fill: string): Partial<uPlot.Series> {
  const paths = kind === 'bars' ? UPlot.paths.bars?.({ size: [0.8, 48] }) : UPlot.paths.stepped?.({ align: 1 })
  return {
    width: kind === 'bars' ? 0 : 2,
    ...(kind === 'bars' ? { fill } : {}),
    ...(paths === undefined ? {} : { paths }),
  }
}

function secondsText (value: number): string {
  return `${value} s`
}

function wholeText (value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : ''
}

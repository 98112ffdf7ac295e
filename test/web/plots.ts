import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Timeline } from '../../src/schemas/timeline.ts'
import { durationText } from '../../src/web/text.ts'
import type { Service } from '../service.ts'

/** Fails the test where a plot is not drawn in its first colour, or has no table of its numbers. */
export async function isDrawn (t: Test, page: Page, plot: string): Promise<void> {
  const figure = page.locator(`[data-plot="${plot}"]`)
  await figure.scrollIntoViewIfNeeded()
  await figure.locator('canvas').waitFor()
  t.ok(await inkOf(page, plot) > 100, `${plot} is drawn`)
  t.ok(await figure.locator('tbody tr').count() > 1, `${plot} has a table of its numbers`)
}

/** Counts the pixels of a plot that have its first colour. */
async function inkOf (page: Page, plot: string): Promise<number> {
  return await page.evaluate<number>(`(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const canvas = document.querySelector('[data-plot="${plot}"] canvas')
    const colour = getComputedStyle(canvas).getPropertyValue('--plot-1').trim()
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let pixels = 0
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) pixels++
    }
    return pixels
  })()`)
}

/** Fails the test where the table beside the plot of calls and waits has other numbers than the API's timeline. */
export async function agreesWithTimeline (t: Test, page: Page, service: Service, id: string): Promise<void> {
  const { points } = await (await service.get(`/runs/${id}/timeline`)).body.json() as Timeline
  const rows = await page.evaluate<string[][]>(`[...document.querySelectorAll('[data-plot="calls"] tbody tr')]
    .map((row) => [...row.cells].map((cell) => cell.textContent))`)
  t.same(rows.filter(([, ...cells]) => cells.some((cell) => cell !== '0')), points.map(rowOf).filter(isSomething))
  const titles = await page.locator('[data-plot="calls"] .plot-legend li').allInnerTexts()
  t.ok(titles.includes('Calls'), 'the legend names the calls')
  const { cost } = await service.app.runs.get(id)
  const shown = rows.reduce((sum, [, calls]) => sum + Number(calls?.replaceAll(',', '')), 0)
  t.equal(shown, cost.calls, 'no call is missing')
}

function rowOf ({ atMs, calls, retries, limited, waitMs }: Timeline['points'][number]): string[] {
  const counts = [calls, retries, limited].map((count) => count.toLocaleString('en-US'))
  return [String(atMs / 1000), ...counts, ...[waitMs.pace, waitMs.pause, waitMs.retry, waitMs.queue].map(waitText)]
}

function waitText (ms: number): string {
  return ms === 0 ? '0' : ms < 1000 ? `${ms} ms` : durationText(ms)
}

function isSomething ([, ...cells]: string[]): boolean {
  return cells.some((cell) => cell !== '0')
}

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SCHEMES = ['light', 'dark'] as const
/** CSS pixels: a small telephone; also 1280 pixels at 400 % zoom. */
const NARROW = { width: 320, height: 256 }
const WIDE = { width: 1280, height: 800 }

interface Violation { id: string, impact: string, nodes: Array<{ html: string, failureSummary: string }> }

/** Fails the test for each violation that axe-core finds, in the light and in the dark scheme. */
export async function passesAxe (t: Test, page: Page, title: string): Promise<void> {
  await page.evaluate(AXE)
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme })
    const { violations, passes } = await page.evaluate<{ violations: Violation[], passes: unknown[] }>(
      'axe.run(document, { resultTypes: ["violations"] })'
    )
    const found = violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
          .join(' | ')}`
    )
    t.strictSame(found, [], `${title}: axe-core finds nothing in the ${colorScheme} scheme`)
    t.ok(passes.length > 10, 'it has looked')
  }
}

/** Fails the test where a narrow window would have to be scrolled sideways. */
export async function fitsNarrow (t: Test, page: Page, title: string): Promise<void> {
  await page.setViewportSize(NARROW)
  const wide = await page.evaluate(`[...document.querySelectorAll('body *')]
    .filter((element) => document.documentElement.scrollWidth > innerWidth && element.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map((element) => element.outerHTML.slice(0, 120))`)
  const width = await page.evaluate<number>('document.documentElement.scrollWidth')
  t.ok(width <= NARROW.width, `${title}: at ${NARROW.width} px it is ${width} px wide`, { wide })
  await page.setViewportSize(WIDE)
}

/** Fails the test for each control that Tab does not reach, or whose focus nobody sees. */
export async function isReachedByKeyboard (t: Test, page: Page, title: string): Promise<void> {
  const expected = await page.evaluate<string[]>(`[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter((element) => element.checkVisibility() && !element.disabled && !element.closest('fieldset:disabled'))
    .map((element, index) => { element.dataset.reach = String(index); return element.outerHTML.slice(0, 100) })`)
  await page.evaluate(
    'document.activeElement.blur(); window.scrollTo(0, 0); getSelection().removeAllRanges(); document.body.focus()'
  )
  const reached = new Set<number>()
  const unseen: string[] = []
  for (let tabs = 0; tabs < 2 * expected.length + 50 && reached.size < expected.length; tabs++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate<{ reach?: string, html: string, isSeen: boolean }>(`(() => {
      const element = document.activeElement
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
      return { reach: element.dataset.reach, html: element.outerHTML.slice(0, 100), isSeen: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none' }
    })()`)
    if (at.reach === undefined) continue
    reached.add(Number(at.reach))
    if (!at.isSeen) unseen.push(at.html)
  }
  t.strictSame(expected.filter((_, index) => !reached.has(index)), [], `${title}: Tab reaches each control`)
  t.strictSame(unseen, [], `${title}: the focus is seen`)
}

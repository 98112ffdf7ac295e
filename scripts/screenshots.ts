/** Makes a picture of each state of the page, or of those that begin with a name: `npm run screenshots -- run`; with `--keep` those of docs/images instead. */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Page } from 'playwright-core'
import t from 'tap'
import { openPage, startBrowser } from '../test/web/browser.ts'
import { STATES } from '../test/web/states.ts'

const FOLDER = 'screenshots'
const KEPT_FOLDER = 'docs/images'
const KEPT: Record<string, string> = { home: 'page-home.png', 'run-succeeded': 'page-run.png', releases: 'page-releases.png' }
const KEPT_SIZE = { width: 800, height: 640 }
const MAX_KEPT_BYTES = 60_000
const SIZES = { wide: { width: 1200, height: 900 }, narrow: { width: 320, height: 640 } }
const SCHEMES = ['light', 'dark'] as const

t.setTimeout(600_000)
const [only] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const isKeeping = process.argv.includes('--keep')
await mkdir(FOLDER, { recursive: true })
const browser = await startBrowser(t)
if (browser === null) throw new Error('Chromium is missing (Debian: apt-get install chromium)')
for (const { name, reach, act } of STATES) {
  const kept = KEPT[name]
  if ((only !== undefined && !name.startsWith(only)) || (isKeeping && kept === undefined)) continue
  await t.test(name, async (t) => {
    const place = await reach(t)
    if (place === null) return
    const { page, problems } = await openPage(t, browser, place.service.url + place.path, { origins: [place.service.sandboxUrl] })
    await act?.(page)
    if (isKeeping && kept !== undefined) {
      await keep(page, join(KEPT_FOLDER, kept))
      return
    }
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport)
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme })
        await showAll(page)
        await page.screenshot({ path: join(FOLDER, `${name}-${size}-${colorScheme}.png`), fullPage: true })
      }
    }
    for (const problem of problems) t.comment(problem)
  })
}

/** Covers and plots come when somebody looks at them. */
async function showAll (page: Page): Promise<void> {
  for (const part of await page.locator('[data-covers], img[loading=lazy]').all()) await part.scrollIntoViewIfNeeded()
  await page.waitForFunction('[...document.images].every((image) => image.complete)')
  await page.evaluate('scrollTo(0, 0); new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
}

async function keep (page: Page, path: string): Promise<void> {
  await mkdir(KEPT_FOLDER, { recursive: true })
  await page.setViewportSize(KEPT_SIZE)
  await page.emulateMedia({ colorScheme: 'light' })
  await showAll(page)
  await page.screenshot({ path })
  const { size } = await stat(path)
  if (size > MAX_KEPT_BYTES) throw new Error(`${path} has ${size} bytes, more than ${MAX_KEPT_BYTES}`)
}

/**
 * Makes a picture of each state of the page, or of those that begin with a name: `npm run screenshots -- run`; with
 * `--keep` those of docs/images instead.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { openPage, startBrowser } from '../test/web/browser.ts'
import { STATES } from '../test/web/states.ts'

const FOLDER = 'screenshots'
const KEPT_FOLDER = 'docs/images'
/** What the README and the docs show; the names end as the type of the image does. */
const KEPT: Record<string, { name: string, height: number }> = {
  home: { name: 'page-home.webp', height: 2000 },
  'run-succeeded': { name: 'page-run.webp', height: 2660 },
  releases: { name: 'page-releases.webp', height: 960 },
}
const KEPT_SIZE = { width: 1200, height: 900 }
const KEPT_SCALE = 0.6
const KEPT_QUALITY = 0.6
const MAX_KEPT_BYTES = 80_000
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
    const { service, path } = place
    const { page, problems } = await openPage(t, browser, service.url + path, { origins: [service.sandboxUrl] })
    await act?.(page)
    if (isKeeping && kept !== undefined) {
      await keep(page, join(KEPT_FOLDER, kept.name), kept.height)
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
  const covers = page.locator('[data-covers]')
  for (const part of await covers.all()) await part.scrollIntoViewIfNeeded()
  if (await covers.count() > 0) await page.locator('ul.covers').waitFor()
  for (const part of await page.locator('img[loading=lazy]').all()) await part.scrollIntoViewIfNeeded()
  await page.evaluate('Promise.all([...document.images].map((image) => image.decode().catch(() => {})))')
  await page.evaluate(`
    document.documentElement.style.scrollBehavior = 'auto'
    scrollTo(0, 0)
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  `)
}

/** Keeps the upper part of a page, as high as is said. */
async function keep (page: Page, path: string, height: number): Promise<void> {
  await mkdir(KEPT_FOLDER, { recursive: true })
  await page.setViewportSize(KEPT_SIZE)
  await page.emulateMedia({ colorScheme: 'light' })
  await showAll(page)
  const whole = await page.evaluate<number>('document.documentElement.scrollHeight')
  const clip = { x: 0, y: 0, width: KEPT_SIZE.width, height: Math.min(height, whole) }
  const picture = await makeSmall(page, await page.screenshot({ fullPage: true, clip }))
  const { length } = picture
  if (length > MAX_KEPT_BYTES) throw new Error(`${path} has ${length} bytes, more than ${MAX_KEPT_BYTES}`)
  await writeFile(path, picture)
}

/** Makes a smaller WebP of a PNG: covers have gradients of thousands of colours. */
async function makeSmall (page: Page, picture: Buffer): Promise<Buffer> {
  const text = await page.evaluate<string>(`(async () => {
    const bytes = Uint8Array.from(atob('${picture.toString('base64')}'), (character) => character.charCodeAt(0))
    const bitmap = await createImageBitmap(new Blob([bytes]))
    const [width, height] = [bitmap.width, bitmap.height].map((pixels) => Math.round(pixels * ${KEPT_SCALE}))
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d')
    context.imageSmoothingQuality = 'high'
    context.drawImage(bitmap, 0, 0, width, height)
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: ${KEPT_QUALITY} })
    const made = new Uint8Array(await blob.arrayBuffer())
    return btoa(Array.from(made, (byte) => String.fromCharCode(byte)).join(''))
  })()`)
  return Buffer.from(text, 'base64')
}

/** Makes a picture of each state of the page, or of those that begin with a name: `npm run screenshots -- run`; with `--keep` those of docs/images instead. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { openPage, startBrowser } from '../test/web/browser.ts'
import { STATES } from '../test/web/states.ts'

const FOLDER = 'screenshots'
const KEPT_FOLDER = 'docs/images'
/** Pictures of covers are large: these are shown smaller. */
const KEPT: Record<string, { name: string, scale: number }> = {
  home: { name: 'page-home.png', scale: 1 },
  'run-succeeded': { name: 'page-run.png', scale: 0.75 },
  releases: { name: 'page-releases.png', scale: 0.6 },
}
const KEPT_SIZE = { width: 800, height: 640 }
const MAX_KEPT_BYTES = 60_000
const COLOUR_STEP = 32
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
      await keep(page, join(KEPT_FOLDER, kept.name), kept.scale)
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
  await page.evaluate('Promise.all([...document.images].map((image) => image.decode().catch(() => {})))')
  await page.evaluate('scrollTo(0, 0); new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
}

async function keep (page: Page, path: string, scale: number): Promise<void> {
  await mkdir(KEPT_FOLDER, { recursive: true })
  await page.setViewportSize(KEPT_SIZE)
  await page.emulateMedia({ colorScheme: 'light' })
  await showAll(page)
  const picture = await makeSmall(page, await page.screenshot(), scale)
  if (picture.length > MAX_KEPT_BYTES) throw new Error(`${path} has ${picture.length} bytes, more than ${MAX_KEPT_BYTES}`)
  await writeFile(path, picture)
}

/** Makes a PNG smaller: covers have gradients of thousands of colours. */
async function makeSmall (page: Page, picture: Buffer, scale: number): Promise<Buffer> {
  const text = await page.evaluate<string>(`(async () => {
    const bytes = Uint8Array.from(atob('${picture.toString('base64')}'), (character) => character.charCodeAt(0))
    const bitmap = await createImageBitmap(new Blob([bytes]))
    const canvas = new OffscreenCanvas(bitmap.width * ${scale}, bitmap.height * ${scale})
    const context = canvas.getContext('2d')
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    const image = context.getImageData(0, 0, canvas.width, canvas.height)
    image.data.forEach((value, index, data) => { data[index] = Math.min(255, Math.round(value / ${COLOUR_STEP}) * ${COLOUR_STEP}) })
    context.putImageData(image, 0, 0)
    const made = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer())
    return btoa(Array.from(made, (byte) => String.fromCharCode(byte)).join(''))
  })()`)
  return Buffer.from(text, 'base64')
}

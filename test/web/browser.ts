import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import type { Test } from 'tap'

/** Where Debian's package puts it. */
const PROGRAM = '/usr/bin/chromium'
/** Chromium does not sandbox itself as root, and a container has a small /dev/shm. */
const OPTIONS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']
const ANSWERS_WITHIN_MS = 30_000
/** Spotify's image hosts, which a test does not ask. */
const IMAGE_HOSTS = /^https:\/\/(i|mosaic)\.scdn\.co\//
const IMAGE =
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="#888"/></svg>'

/** A page whose every misbehaviour is noted. */
export interface WatchedPage {
  page: Page
  /**
   * Scripts that failed, refusals by the Content-Security-Policy, dialogs, errors in the console, requests to other
   * origins.
   */
  problems: string[]
}

/**
 * Starts Chromium until the test has ended. Null, and a skip with the reason, without it; with `CI=true` its absence is
 * a failure.
 */
export async function startBrowser (t: Test): Promise<Browser | null> {
  if (!existsSync(PROGRAM)) {
    if (process.env['CI'] === 'true') throw new Error('Chromium is missing, and CI must not skip what needs it')
    t.pass('in a browser', { skip: 'no Chromium on this machine (Debian: apt-get install chromium)' })
    return null
  }
  const browser = await chromium.launch({ executablePath: PROGRAM, args: OPTIONS })
  t.teardown(async () => await browser.close())
  return browser
}

/** Opens a page of its own profile. `origins` are those that it may ask besides `url`'s. */
export async function openPage (
  t: Test,
  browser: Browser,
  url: string,
  { origins = [], ...options }: BrowserContextOptions & { origins?: string[] } = {}
): Promise<WatchedPage> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  t.teardown(async () => await context.close())
  context.setDefaultTimeout(ANSWERS_WITHIN_MS)
  const page = await context.newPage()
  const problems: string[] = []
  const allowed = [new URL(url).origin, ...origins]
  await context.route(IMAGE_HOSTS, async (route) => await route.fulfill({ contentType: 'image/svg+xml', body: IMAGE }))
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) => {
    console.error('refused by the policy: ' + event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sample)
  })`)
  page.on('pageerror', ({ message }) => problems.push(`a script failed: ${message}`))
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()) })
  page.on('dialog', (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && !allowed.includes(origin) && !IMAGE_HOSTS.test(request.url())) {
      problems.push(`asks ${request.url()}`)
    }
  })
  await page.goto(url)
  return { page, problems }
}

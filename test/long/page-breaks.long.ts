import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { type Service, startService, temporaryFolder } from '../service.ts'
import { openPage, startBrowser } from '../web/browser.ts'
import { layCable } from '../web/cable.ts'
import { untilRun } from '../web/states.ts'

t.setTimeout(900_000)

/** What the console says of a connection that was cut, or of a run that is gone. */
const EXPECTED = /^Failed to load resource/
/** Longer than the page waits for a number. */
const LATE_MS = 5000
/** One call at a time, and each takes long enough that a run is watched. */
const SLOW = { sandbox: { tier: 'development', latencyMs: 250 }, env: { SPOTIFY_MAX_CONCURRENCY: '1' } } as const

const browser = await startBrowser(t)
if (browser !== null) {
  t.test('a double click starts one run, and says that it was started', async (t) => await doubleClick(t, browser))
  t.test('after a start, the back button shows the run, and a new start', async (t) => await back(t, browser))
  t.test('a run that is deleted in another tab is gone in this one', async (t) => await deletedElsewhere(t, browser))
  t.test('a page goes on when its service was started again', async (t) => await restarted(t, browser))
  t.test('covers and plots that come late are shown', async (t) => await late(t, browser))
  t.test('the plot of calls grows with its run', async (t) => await growing(t, browser))
  t.test('several tabs follow a run to its end', async (t) => await tabs(t, browser))
}

async function runsOf ({ app }: Service): Promise<number> {
  return (await app.runs.list({ statuses: null, limit: 10, before: null })).runs.length
}

function idIn (page: Page): string {
  return new URL(page.url()).pathname.split('/').at(-1) ?? ''
}

async function doubleClick (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, SLOW)
  const { page, problems } = await openPage(t, browser, service.url, { origins: [service.sandboxUrl] })
  let posts = 0
  await page.route('**/ui/actions/**', async (route) => {
    posts++
    await new Promise((resolve) => setTimeout(resolve, 500)) // a slow network: the page stays while it waits
    await route.continue()
  })
  await page.getByRole('button', { name: 'Start the run' }).dblclick()
  await page.waitForURL('**/ui/runs/*')
  await page.getByText('The run is stored and will be executed').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).dblclick()
  await page.getByRole('heading', { name: 'Canceled' }).waitFor()
  t.equal(posts, 2, 'each form was sent once')
  t.equal(await runsOf(service), 1)
  t.strictSame(problems, [])
}

async function back (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, SLOW)
  const { page, problems } = await openPage(t, browser, service.url, { origins: [service.sandboxUrl] })
  const start = page.getByRole('button', { name: 'Start the run' })
  await page.getByLabel('Albums', { exact: true }).fill('40')
  await start.click()
  await page.waitForURL('**/ui/runs/*')
  const first = idIn(page)
  await page.goBack()
  await page.locator(`[data-run="${first}"]`).waitFor()
  await page.getByLabel('Albums', { exact: true }).fill('40')
  await start.click()
  await page.waitForURL('**/ui/runs/*')
  await page.getByText('An equal request was under way already').waitFor()
  t.equal(idIn(page), first)
  await page.goBack()
  await page.getByLabel('Albums', { exact: true }).fill('41')
  await start.click()
  await page.waitForURL('**/ui/runs/*')
  t.not(idIn(page), first)
  t.equal(await runsOf(service), 2)
  t.strictSame(problems, [])
}

async function deletedElsewhere (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, SLOW)
  const cable = await layCable(t, service.url)
  const { id } = await service.app.runs.start({ limit: 100 })
  const origins = [service.sandboxUrl]
  const { page, problems } = await openPage(t, browser, `${cable.url}/ui/runs/${id}`, { origins })
  cable.cut()
  const notice = page.locator('[data-connection]')
  await notice.waitFor({ state: 'visible' })
  await service.app.runs.cancel(id)
  await untilRun(service, id, ({ finishedAt }) => finishedAt !== null)
  await service.app.runs.remove(id)
  cable.mend()
  await page.getByRole('heading', { name: 'There is no such run' }).waitFor()
  await notice.waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'Runs' }).last().click()
  await page.getByText('There is no run yet').waitFor()
  t.strictSame(problems.filter((problem) => !EXPECTED.test(problem)), [])
}

async function restarted (t: Test, browser: Browser): Promise<void> {
  const dataDir = await temporaryFolder(t)
  const before = await startService(t, { ...SLOW, dataDir })
  const { sandbox, sandboxUrl } = before
  const { id } = await before.app.runs.start({ limit: 40 })
  const cable = await layCable(t, before.url)
  const { page, problems } = await openPage(t, browser, `${cable.url}/ui/runs/${id}`, { origins: [sandboxUrl] })
  await untilRun(before, id, ({ progress }) => progress.albumsFetched >= 5)
  cable.cut()
  await before.app.close()
  const notice = page.locator('[data-connection]')
  await notice.waitFor({ state: 'visible' })
  const after = await startService(t, { env: SLOW.env, dataDir, on: { sandbox, sandboxUrl } })
  cable.moveTo(after.url)
  cable.mend()
  await page.getByRole('heading', { name: 'Succeeded' }).waitFor({ timeout: 60_000 })
  await notice.waitFor({ state: 'hidden' })
  t.match(await page.locator('main').innerText(), /40 albums with/)
  t.strictSame(problems.filter((problem) => !EXPECTED.test(problem)), [])
}

async function late (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, { sandbox: { tier: 'development' } })
  const { id } = await service.ingest({ limit: 12 })
  const { page, problems } = await openPage(t, browser, service.url, { origins: [service.sandboxUrl] })
  for (const part of ['covers', 'plots.json']) {
    await page.route(`**/ui/runs/*/${part}`, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, LATE_MS))
      await route.continue()
    })
  }
  await page.goto(`${service.url}/ui/runs/${id}`)
  await page.locator('[data-covers] h2').scrollIntoViewIfNeeded()
  await page.locator('ul.covers li').nth(11).waitFor()
  await page.locator('[data-plot="durations"] canvas').waitFor()
  t.strictSame(problems, [])
}

async function growing (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, SLOW)
  const { id } = await service.app.runs.start({ limit: 100 })
  await untilRun(service, id, ({ progress }) => progress.albumsFetched >= 5)
  const origins = [service.sandboxUrl]
  const { page, problems } = await openPage(t, browser, `${service.url}/ui/runs/${id}`, { origins })
  const rows = page.locator('[data-plot="calls"] tbody tr')
  await rows.first().waitFor({ state: 'attached' })
  const shown = await rows.count()
  await rows.nth(shown + 3).waitFor({ state: 'attached', timeout: 20_000 })
  await service.app.runs.cancel(id)
  await page.getByRole('heading', { name: 'Canceled' }).waitFor()
  t.strictSame(problems, [])
}

async function tabs (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, SLOW)
  const { id } = await service.app.runs.start({ limit: 30 })
  const origins = [service.sandboxUrl]
  const { page, problems } = await openPage(t, browser, `${service.url}/ui/runs/${id}`, { origins })
  const others = [await page.context().newPage(), await page.context().newPage()]
  await others[0]?.goto(`${service.url}/ui/runs/${id}`)
  await others[1]?.goto(service.url)
  for (const tab of [page, ...others.slice(0, 1)]) {
    await tab.getByRole('heading', { name: 'Succeeded' }).waitFor({ timeout: 60_000 })
  }
  await others[1]?.locator('[data-run]').waitFor({ state: 'detached' })
  t.strictSame(problems, [])
}

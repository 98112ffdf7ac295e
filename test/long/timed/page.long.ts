import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openPage, startBrowser } from '../../web/browser.ts'
import { layCable } from '../../web/cable.ts'
import { hostileName, nameHostile } from '../../web/hostile-names.ts'
import { agreesWithTimeline, isDrawn } from '../../web/plots.ts'
import { KEY, reachPartial, untilRun } from '../../web/states.ts'
import { type Service, startSandbox, startService } from '../../service.ts'

t.setTimeout(600_000)

const PIXEL_WITHIN_MS = 1000
const NAMES = 1000
/** What the console says of an answer that was to be a refusal, or of a connection that was cut. */
const EXPECTED = /^Failed to load resource/

const browser = await startBrowser(t)
if (browser !== null) {
  t.test(
    'a newcomer starts a run, watches it, sees covers and plots, and downloads CSV and Parquet',
    async (t) => await newcomer(t, browser)
  )
  t.test('while a run waits, its page changes at least once a second', async (t) => await ticking(t, browser))
  t.test(
    'a connection that is lost, or that is silent, is said, and the page recovers',
    async (t) => await connection(t, browser)
  )
  t.test(
    'with keys: no data before the login, a cookie that no script reads, no action for another ' +
      'site, none after the logout',
    async (t) => await keys(t, browser)
  )
  t.test(`${NAMES} names that are HTML or script stay text`, async (t) => await names(t, browser))
  t.test('without JavaScript all information is there', async (t) => await withoutScript(t, browser))
}

async function newcomer (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, {
    sandbox: { tier: 'development', latencyMs: 100 },
    env: { SPOTIFY_MAX_CONCURRENCY: '1' },
  })
  const { page, problems } = await openPage(t, browser, service.url, { origins: [service.sandboxUrl] })
  const changes = watchNumber(service)
  await page.locator('input[name="limit"]').fill('40')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.waitForURL('**/ui/runs/*')
  await page.evaluate(`window.seen = []
    new MutationObserver(() => {
      const field = document.querySelector('[data-field="albumsFetched"]')
      if (field !== null) requestAnimationFrame(() => window.seen.push([Date.now(), Number(field.textContent)]))
    }).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true })`)
  const loadedAtMs = Date.now()
  await page.getByRole('heading', { name: 'Succeeded' }).waitFor({ timeout: 60_000 })
  const seen = await page.evaluate<Array<[number, number]>>('window.seen')
  const lateMs = changes.filter(({ atMs }) => atMs > loadedAtMs).flatMap(({ atMs, albumsFetched }) => {
    const shown = seen.find(([, value]) => value >= albumsFetched)
    return shown === undefined ? [] : [shown[0] - atMs]
  })
  t.ok(lateMs.length > 10, 'many changes were seen')
  t.ok(Math.max(...lateMs) <= PIXEL_WITHIN_MS, `from event to pixel it takes ${Math.max(...lateMs)} ms at most`)

  await page.locator('[data-covers] h2').scrollIntoViewIfNeeded()
  await page.locator('ul.covers img').first().waitFor()
  t.equal(await page.locator('ul.covers li').count(), 40)
  t.ok(await page.evaluate('document.querySelector("ul.covers img").decode().then(() => true)'), 'covers are drawn')
  for (const plot of ['dates', 'tracks', 'durations', 'calls']) await isDrawn(t, page, plot)
  await agreesWithTimeline(t, page, service, new URL(page.url()).pathname.split('/').at(-1) ?? '')
  t.match(await downloaded(page, 'CSV of tracks'), /^run_id,album_id,position,track_id/)
  t.match(await downloaded(page, 'Parquet of albums'), /^PAR1[^]*PAR1$/)
  t.equal((JSON.parse(await downloaded(page, 'JSON')) as { albums: unknown[] }).albums.length, 40)
  t.strictSame(problems, [])
}

async function downloaded (page: Page, name: string): Promise<string> {
  const waiting = page.waitForEvent('download')
  await page.getByRole('link', { name, exact: true }).click()
  return await readFile(await (await waiting).path(), 'latin1')
}

/** The number of albums of the run that comes next, with the time of each change. */
function watchNumber ({ app }: Service): Array<{ atMs: number, albumsFetched: number }> {
  const changes: Array<{ atMs: number, albumsFetched: number }> = []
  const { start } = app.runs
  app.runs.start = async (...wanted) => {
    const run = await start(...wanted)
    app.runs.watch(run.id, ({ progress: { albumsFetched } }) => {
      if (albumsFetched > (changes.at(-1)?.albumsFetched ?? 0)) changes.push({ atMs: Date.now(), albumsFetched })
    })
    return run
  }
  return changes
}

async function ticking (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, { sandbox: { tier: 'development' }, env: { SPOTIFY_CALLS_PER_30S: '12' } })
  const { id } = await service.app.runs.start({ limit: 30 })
  const { page, problems } = await openPage(t, browser, `${service.url}/ui/runs/${id}`)
  await untilRun(service, id, ({ waiting }) => waiting?.for === 'pace')
  const waiting = page.locator('[data-field="waiting"]')
  await page.getByText(/Keeps the pace: 12 of 12 calls in 30 s, goes on in \d+ s/).waitFor()
  const texts = new Set<string>()
  const looks = await page.evaluate<string[]>(`new Promise((resolve) => {
    const texts = [], until = performance.now() + 4500
    const look = () => {
      texts.push(document.querySelector('[data-field="waiting"]').textContent + document.querySelector('[data-field="elapsed"]').textContent)
      performance.now() < until ? setTimeout(look, 50) : resolve(texts)
    }
    look()
  })`)
  for (const text of looks) texts.add(text)
  t.ok(texts.size >= 4, `${texts.size} texts in 4.5 s`)
  await service.app.runs.cancel(id)
  await page.getByRole('heading', { name: 'Canceled' }).waitFor()
  t.equal(await waiting.count(), 0, 'nothing waits any more')
  t.strictSame(problems, [])
}

async function connection (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, {
    sandbox: { tier: 'development', latencyMs: 250 },
    env: { SPOTIFY_MAX_CONCURRENCY: '1' },
  })
  const { id } = await service.app.runs.start({ limit: 100 })
  const cable = await layCable(t, service.url)
  const { page, problems } = await openPage(t, browser, `${cable.url}/ui/runs/${id}`)
  const notice = page.locator('[data-connection]')
  const fetched = page.locator('[data-field="albumsFetched"]').first()
  for (const fault of ['cut', 'freeze'] as const) {
    await notice.waitFor({ state: 'hidden' })
    cable[fault]()
    await notice.waitFor({ state: 'visible', timeout: 12_000 })
    t.match(await notice.innerText(), /connection to the service is lost. The numbers are as of .*Trying again/, fault)
    const before = Number(await fetched.innerText())
    cable.mend()
    await notice.waitFor({ state: 'hidden' })
    const after = await page.evaluate<number>(`new Promise((resolve) => {
      const look = () => {
        const fetched = Number(document.querySelector('[data-field="albumsFetched"]').textContent)
        fetched > ${before} ? resolve(fetched) : setTimeout(look, 100)
      }
      look()
    })`)
    t.ok(after > before, 'it goes on')
  }
  await service.app.runs.cancel(id)
  await page.getByRole('heading', { name: 'Canceled' }).waitFor()
  t.strictSame(problems.filter((problem) => !EXPECTED.test(problem)), [])
}

async function keys (t: Test, browser: Browser): Promise<void> {
  const service = await startService(t, { sandbox: { tier: 'development' }, env: { API_KEYS: KEY } })
  const { id } = await service.app.runs.start({ limit: 5 })
  await untilRun(service, id, ({ finishedAt }) => finishedAt !== null)
  const { page, problems } = await openPage(t, browser, `${service.url}/ui/runs/${id}`, {
    origins: [service.sandboxUrl],
  })
  t.notOk((await page.content()).includes('Succeeded'), 'no data without a key')
  const field = page.getByLabel(/key/i)
  await field.fill('another key, which is wrong')
  await field.press('Enter')
  await page.getByText('This is not one of the keys').waitFor()
  await field.fill(KEY)
  await field.press('Enter')
  await page.getByRole('heading', { name: 'Succeeded' }).waitFor()
  t.equal(await page.evaluate('document.cookie'), '', 'no script reads the cookie')
  const [cookie] = await page.context().cookies()
  t.match(cookie, { httpOnly: true, sameSite: 'Strict' })
  t.notOk(cookie?.value.includes(KEY), 'it is not the key itself')
  await page.locator('[data-covers] h2').scrollIntoViewIfNeeded()
  await page.locator('ul.covers img').first().waitFor()
  t.match(await downloaded(page, 'CSV of tracks'), /^run_id/)

  t.strictSame(problems.filter((problem) => !EXPECTED.test(problem)), [])
  await attack(t, page, service)
  await page.goto(service.url)
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel(/key/i).waitFor()
  await page.goto(`${service.url}/ui/runs/${id}`)
  t.notOk((await page.content()).includes('Succeeded'), 'no data after the logout')
}

/** Another origin of the same site, to which SameSite is no hindrance, sends the start form. */
async function attack (t: Test, page: Page, service: Service): Promise<void> {
  const { sandboxUrl } = await startSandbox(t)
  await page.route(`${sandboxUrl}/attack`, async (route) => await route.fulfill({
    contentType: 'text/html',
    body: `<form method="post" action="${service.url}/ui/actions/start"><input name="limit" ` +
      'value="7"></form><script>document.forms[0].submit()</script>',
  }))
  const answered = page.waitForResponse((response) => response.url().endsWith('/ui/actions/start'))
  await page.goto(`${sandboxUrl}/attack`).catch(() => {}) // it is gone before it has loaded
  t.equal((await answered).status(), 403)
  const { runs } = await service.app.runs.list({ statuses: null, limit: 10, before: null })
  t.equal(runs.length, 1, 'another site starts nothing')
}

async function names (t: Test, browser: Browser): Promise<void> {
  const { sandbox, sandboxUrl } = await startSandbox(t, { tier: 'extended', albums: 760 })
  const hostile = await nameHostile(t, sandbox)
  const service = await startService(t, { on: { sandbox, sandboxUrl: hostile.url } })
  const run = await service.ingest({ source: 'search', query: hostileName(0), limit: 5 })
  const listed = await service.ingest({ source: 'search', limit: 760 })
  t.ok(hostile.given() >= NAMES, `${hostile.given()} names were given`)

  const { page, problems } = await openPage(t, browser, `${service.url}/ui/runs/${listed.id}`, {
    origins: [sandboxUrl, hostile.url],
  })
  await page.route('**/covers/*', async (route) => await route.abort()) // hundreds of pictures
  let executed = 0
  await page.exposeFunction('executed', () => { executed++ })
  let scripts = 0
  const shown = new Set<string>()
  const look = async (): Promise<void> => {
    for (const name of await page.locator('.cover-name, .cover-by').allInnerTexts()) shown.add(name)
    scripts += await page
      .locator(
        '[href^="javascript:" i], [src^="javascript:" i], [formaction^="javascript:" i], [onfocus], main ' +
          'script, main iframe, main style'
      )
      .count()
  }
  await page.locator('[data-covers] h2').scrollIntoViewIfNeeded()
  await page.locator('.cover-name').first().waitFor()
  await look()
  for (const path of [
    `/ui/runs/${run.id}`,
    `/ui/runs/${listed.id}/covers`,
    `/?query=${encodeURIComponent(hostileName(3))}&source=search&market=${encodeURIComponent(hostileName(1))}`,
    '/',
  ]) {
    await page.goto(service.url + path)
    await look()
  }
  await page.goto(`${service.url}/ui/releases`)
  for (let pages = 0; pages < 60; pages++) {
    await look()
    const next = page.locator('a[rel="next"]')
    if (await next.count() === 0) break
    await next.click()
    await page.waitForLoadState()
  }
  t.ok(shown.size >= NAMES, `${shown.size} names were shown`)
  t.equal(executed, 0, 'nothing was executed')
  t.equal(scripts, 0, 'nothing is there that could be')
  t.strictSame(problems.filter((problem) => !EXPECTED.test(problem)), [])
  await page.context().newPage().then(async (open) => {
    await open.exposeFunction('executed', () => { executed++ })
    await open.setContent(`<body>${Array.from({ length: 20 }, (_, n) => hostileName(n)).slice(0, 3).join('')}</body>`)
    await open.locator('img').first().waitFor({ state: 'attached' })
  })
  t.ok(executed > 0, 'as markup, the same names would have been')
}

async function withoutScript (t: Test, browser: Browser): Promise<void> {
  const { service, path } = await reachPartial(t)
  const { page, problems } = await openPage(t, browser, service.url + path, {
    origins: [service.sandboxUrl],
    javaScriptEnabled: false,
  })
  const text = await page.locator('body').innerText()
  for (const said of [/Partial/, /What next/, /album_unavailable/, /Parquet/, /Request as curl/, /Quality/, /Cost/]) {
    t.match(text, said)
  }
  await page.getByRole('link', { name: 'Show the covers' }).click()
  t.equal(await page.locator('ul.covers li').count(), 27)
  await page.goto(service.url + path)
  await page.getByRole('link', { name: /All numbers of the plots/ }).click()
  for (const plot of ['dates', 'tracks', 'durations', 'calls']) {
    t.ok(await page.locator(`[data-plot="${plot}"] tbody tr`).count() > 0, plot)
  }
  await page.goto(service.url)
  await page.locator('input[name="limit"]').fill('5')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.waitForURL('**/ui/runs/*')
  await untilRun(service, page.url().split('/').at(-1)?.split('?')[0] ?? '', ({ finishedAt }) => finishedAt !== null)
  await page.reload()
  await page.getByRole('heading', { name: 'Succeeded' }).waitFor()
  t.strictSame(problems, [])
}

import t from 'tap'
import { fitsNarrow, isReachedByKeyboard, passesAxe } from '../web/accessibility.ts'
import { openPage, startBrowser } from '../web/browser.ts'
import { STATES } from '../web/states.ts'

t.setTimeout(1_700_000)

const browser = await startBrowser(t)
if (browser !== null) {
  for (const { name, reach, act, says } of STATES) {
    t.test(`${name}: it says what happened and what to do next, to everybody`, async (t) => {
      const place = await reach(t)
      if (place === null) return
      const { service, path } = place
      const origins = [service.sandboxUrl]
      const { page, problems } = await openPage(t, browser, service.url + path, { origins })
      await act?.(page)
      const text = await page.innerText('body')
      for (const said of says) t.match(text, said)
      await passesAxe(t, page, name)
      await isReachedByKeyboard(t, page, name)
      await fitsNarrow(t, page, name)
      t.strictSame(
        problems.filter((problem) => !ANSWERS.test(problem)),
        [],
        'nothing was refused, failed or asked elsewhere'
      )
    })
  }
}

/** A page of a state that is an error is answered by its status. */
const ANSWERS = /^Failed to load resource: the server responded with a status of (400|401|404|409|500|503)/

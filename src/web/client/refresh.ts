import { reportHeard, reportLost } from './connection.ts'
import { getPage, pageUrl } from './service.ts'

const PART = 'page'
const RETRY_MS = 1000
let refreshing: Promise<void> | null = null
let isWanted = false

/** Shows the page as the service renders it now, but for the start form. Calls in between are one. */
export async function refresh (): Promise<void> {
  isWanted = true
  refreshing ??= refreshWhileWanted().finally(() => { refreshing = null })
  await refreshing
}

async function refreshWhileWanted (): Promise<void> {
  while (isWanted) {
    try {
      isWanted = false
      swapMain(await getPage(pageUrl()))
      reportHeard(PART)
    } catch (error) {
      isWanted = true
      reportLost(PART, error)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

function swapMain (page: Document): void {
  const [main, next] = [document.querySelector('main'), page.querySelector('main')]
  if (main === null || next === null) return
  const focused = document.activeElement
  openSameDetails(main, next)
  swapChildren(main, next)
  document.title = page.title
  if (focused?.isConnected === false) focusLike(focused)
  document.dispatchEvent(new CustomEvent('page-swapped'))
}

/** The child with the start form stays where it is: somebody may be typing. */
function swapChildren (main: Element, next: Element): void {
  const [kept, other] = [main, next].map(({ children }) =>
    [...children].find((child) => child.querySelector('form#start') !== null))
  if (kept === undefined || other === undefined) {
    main.replaceChildren(...next.childNodes)
    return
  }
  const children = [...next.children]
  const place = children.indexOf(other)
  for (const child of [...main.children]) if (child !== kept) child.remove()
  kept.before(...children.slice(0, place))
  kept.after(...children.slice(place + 1))
}

function openSameDetails (main: Element, next: Element): void {
  const nameOf = (details: Element): string | undefined => details.querySelector('summary')?.textContent
  const opened = [...main.querySelectorAll('details[open]')].map(nameOf)
  for (const details of next.querySelectorAll('details')) if (opened.includes(nameOf(details))) details.open = true
}

/** Keeps the place of somebody who works with the keyboard: the same control, else the beginning of the content. */
function focusLike (element: Element): void {
  const alike = [...document.querySelectorAll<HTMLElement>(`main ${element.tagName}`)]
  const same = alike.find((other) => other.textContent === element.textContent)
  const target = same ?? document.querySelector<HTMLElement>('main')
  target?.focus({ preventScroll: true })
}

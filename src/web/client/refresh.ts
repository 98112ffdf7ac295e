import { reportHeard, reportLost } from './connection.ts'
import { getPage } from './service.ts'

const PART = 'page'
const RETRY_MS = 1000
let refreshing: Promise<void> | null = null
let isWanted = false

/** Puts the page's live parts as the service renders them now in place of those that are shown. Calls in between are one. */
export async function refresh (): Promise<void> {
  isWanted = true
  refreshing ??= refreshWhileWanted().finally(() => { refreshing = null })
  await refreshing
}

async function refreshWhileWanted (): Promise<void> {
  while (isWanted) {
    try {
      isWanted = false
      swapParts(await getPage(document.querySelector<HTMLElement>('main')?.dataset['self'] ?? location.href))
      reportHeard(PART)
    } catch (error) {
      isWanted = true
      reportLost(PART, error)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

function swapParts (page: Document): void {
  const focused = document.activeElement?.id ?? ''
  for (const part of document.querySelectorAll<HTMLElement>('[data-refresh][id]')) {
    const next = page.getElementById(part.id)
    if (next !== null) part.replaceWith(document.adoptNode(next))
  }
  if (focused !== '' && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true })
  document.dispatchEvent(new CustomEvent('parts-swapped'))
}

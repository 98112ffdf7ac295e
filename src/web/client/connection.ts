import { Refusal } from './service.ts'

/** What could not be reached at its last try, with the reason. */
const lost = new Map<string, unknown>()
let heardAt = new Date()

/** Notes that the numbers of this part are up to date. */
export function reportHeard (part: string): void {
  heardAt = new Date()
  if (lost.delete(part)) showState()
}

/** Notes that the numbers of this part may be out of date. */
export function reportLost (part: string, reason: unknown): void {
  const isNew = !lost.has(part)
  lost.set(part, reason)
  if (isNew) showState()
}

/** Forgets the parts that nobody asks for any more. */
export function forgetAll (): void {
  lost.clear()
  showState()
}

export function isStale (): boolean {
  return lost.size > 0
}

function showState (): void {
  document.body.toggleAttribute('data-stale', isStale())
  const notice = document.querySelector<HTMLElement>('[data-connection]')
  if (notice === null) return
  const [reason] = lost.values()
  notice.textContent = isStale() ? noticeText(reason) : ''
  notice.hidden = !isStale()
}

function noticeText (reason: unknown): string {
  const asOf = `The numbers are as of ${heardAt.toLocaleTimeString()}.`
  if (!(reason instanceof Refusal)) return `The connection to the service is lost. ${asOf} Trying again every second.`
  if (reason.status === 401) return `The service wants a key. ${asOf} Reload the page to log in.`
  return `The service answered ${reason.status}. ${asOf} Trying again every second.`
}

/** After so long a form may be sent again: its answer was lost, or somebody has stopped it. */
const SENT_MS = 10_000

/** Sends a form once: with a double click, the answer to the second request would be shown, which finds all done. */
export function sendFormsOnce (): void {
  document.addEventListener('submit', (event) => {
    if (!(event.target instanceof HTMLFormElement)) return
    const { dataset } = event.target
    if (dataset['sent'] !== undefined) {
      event.preventDefault()
      return
    }
    dataset['sent'] = ''
    setTimeout(() => delete dataset['sent'], SENT_MS)
  })
  addEventListener('pageshow', () => { // the browser may show the page again as it was left
    for (const form of document.querySelectorAll<HTMLFormElement>('form[data-sent]')) delete form.dataset['sent']
  })
}

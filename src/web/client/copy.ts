const COPIED_MS = 2000

/** Shows the copy buttons, which are of no use without a script. */
export function showCopyButtons (): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    button.hidden = false
  }
}

/** Copies for every button of the page, those included that come with a later swap. */
export function listenForCopies (): void {
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLButtonElement>('button[data-copy]') : null
    const source = button === null ? null : document.querySelector(button.dataset['copy'] ?? '')
    if (button !== null && source !== null) void copy(button, source)
  })
}

async function copy (button: HTMLButtonElement, source: Element): Promise<void> {
  const label = button.dataset['label'] ?? button.textContent
  button.dataset['label'] = label
  try {
    await navigator.clipboard.writeText(source.textContent)
    button.textContent = 'Copied'
  } catch {
    select(source) // plain HTTP on another host than loopback has no clipboard
    button.textContent = 'Press Ctrl+C'
  }
  setTimeout(() => { button.textContent = label }, COPIED_MS)
}

function select (source: Element): void {
  source.closest('details')?.setAttribute('open', '')
  getSelection()?.selectAllChildren(source)
}

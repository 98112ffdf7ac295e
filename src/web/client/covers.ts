import { getPage } from './service.ts'

/** Gets the covers of a run's document as soon as somebody comes near them. */
export function loadCoversWhenNear (): void {
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue
      observer.unobserve(target)
      void load(target as HTMLElement)
    }
  }, { rootMargin: '400px' })
  for (const container of document.querySelectorAll('[data-covers]')) observer.observe(container)
}

/** Without the covers the link to them stays. */
async function load (container: HTMLElement): Promise<void> {
  const page = await getPage(container.dataset['covers'] ?? '').catch(() => null)
  const list = page?.querySelector('[data-cover-list]')
  if (list != null) container.replaceChildren(document.adoptNode(list))
}

import { getMadePage } from './service.ts'

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

/** Puts the covers before the link to the page that has them. Where they do not come, the link is all there is. */
async function load (container: HTMLElement): Promise<void> {
  const page = await getMadePage(container.dataset['covers'] ?? '').catch(() => null)
  const list = page?.querySelector('ul.covers')
  const link = container.querySelector('a')
  if (list == null || list.children.length === 0 || link === null) return
  const place = link.closest('p') ?? link
  place.before(document.adoptNode(list))
  link.textContent = 'The covers as a page'
}

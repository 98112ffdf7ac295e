import { listenForCopies, showCopyButtons } from './copy.ts'
import { loadCoversWhenNear } from './covers.ts'
import { keepLive } from './live.ts'
import { drawPlots, keepPlotsFitting } from './plots.ts'
import { listenToStartForm } from './start-form.ts'

/** Adds what HTML alone cannot to a part of the page that has just come. */
function equip (): void {
  showCopyButtons()
  loadCoversWhenNear()
  void drawPlots()
}

listenForCopies()
listenToStartForm()
keepPlotsFitting()
document.addEventListener('parts-swapped', equip)
equip()
keepLive(document.querySelector<HTMLElement>('main')?.dataset['page'])

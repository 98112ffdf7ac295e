import { listenForCopies, showCopyButtons } from './copy.ts'
import { loadCoversWhenNear } from './covers.ts'
import { keepLive } from './live.ts'
import { drawPlots, keepPlotColours } from './plots.ts'
import { sendFormsOnce } from './send-once.ts'
import { listenToStartForm } from './start-form.ts'

/** Adds what HTML alone cannot to a part of the page that has just come. */
function equip (): void {
  showCopyButtons()
  loadCoversWhenNear()
  void drawPlots()
}

listenForCopies()
sendFormsOnce()
listenToStartForm()
keepPlotColours()
document.addEventListener('page-swapped', equip)
equip()
keepLive(document.querySelector<HTMLElement>('main')?.dataset['page'])

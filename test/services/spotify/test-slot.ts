import { createResponseBudget } from '../../../src/services/spotify/http/response-budget.ts'
import type { Slot } from '../../../src/services/spotify/semaphore.ts'

/** Returns a slot that nobody else wants. */
export function testSlot (): Slot {
  const answers = createResponseBudget()
  return { openRoom: () => answers.open(), lend: async (work) => await work(), [Symbol.dispose] () {} }
}

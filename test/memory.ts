import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** V8 keeps the shapes of objects, with the names of their fields, over several collections. */
function collectGarbage (): void {
  for (let times = 0; times < 4; times++) collect()
}

/** The bytes that stay in memory, on the heap and beside it, after `work` has returned `kept`. */
export function bytesKeptBy (work: () => unknown): number {
  collectGarbage()
  const before = bytesInUse()
  const kept = work()
  collectGarbage()
  const bytes = bytesInUse() - before
  return kept === undefined ? NaN : bytes
}

function bytesInUse (): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

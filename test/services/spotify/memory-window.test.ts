import t from 'tap'
import { createMemoryWindow } from '../../../src/services/spotify/memory-window.ts'
import { createPacer } from '../../../src/services/spotify/pacer.ts'
import { createFakeClock } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'
import { createMemory } from './pacer-memory.ts'
import { behavesAsPacer } from './pacer-spec.ts'

behavesAsPacer(t, async () => {
  const clock = createFakeClock()
  const store = createMemory()
  const [windowMs, maxWaitMs] = [30_000, 60_000]
  return {
    windowMs,
    maxWaitMs,
    lateMs: 10,
    monotonic: clock.monotonic,
    pass: clock.pass,
    async create (callsPerWindow) {
      const window = await createMemoryWindow({ callsPerWindow, windowMs, maxWaitMs, clock, store })
      return createPacer({ window, clock, store, log: createRecordingLog() })
    },
  }
})

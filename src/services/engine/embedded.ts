import { createMemoryQueue } from '../queue/memory-queue.ts'
import { createRoster } from '../runs/roster.ts'
import { createMemoryWindow } from '../spotify/memory-window.ts'
import { createPacer } from '../spotify/pacer.ts'
import { type Pause } from '../spotify/standing.ts'
import { type PacerState } from '../spotify/window.ts'
import { lockFolder } from '../store/folder-lock.ts'
import { createKeyStore } from '../store/key-store.ts'
import { createPacerStore } from '../store/pacer-store.ts'
import { createRunStore } from '../store/run-store.ts'
import { type Engine, type EngineOptions, WINDOW_MS } from './engine.ts'

/** Everything in this process, which holds `dataDir` against any other. */
export async function createEmbeddedEngine ({ dataDir, account, callsPerWindow, maxWaitMs, concurrency, clock, log }: EngineOptions): Promise<Engine> {
  const lock = await lockFolder(dataDir)
  const states = await createPacerStore<PacerState>(dataDir, account, log)
  const window = await createMemoryWindow({ callsPerWindow, windowMs: WINDOW_MS, maxWaitMs, clock, store: states })
  const pacer = createPacer({ window, clock, store: states, log })
  const roster = createRoster(clock)
  return {
    store: await createRunStore(dataDir, log, clock.monotonic),
    keys: await createKeyStore(dataDir, log),
    queue: createMemoryQueue({ concurrency, clock, log }),
    roster,
    pacer,
    tokenPauses: await createPacerStore<Pause>(dataDir, account, log, 'token'),
    replica: null,
    health: async () => ({ redis: null }),
    async close () {
      roster.close()
      await pacer.close()
      await lock.release()
    },
  }
}

import { type Capabilities, createCapabilities } from '../../../src/services/spotify/capabilities.ts'
import { START_MS } from '../../fake-clock.ts'
import { createRecordingLog } from '../recording-log.ts'

/** Capabilities that nothing stores. */
export function createTestCapabilities (scope = 'app', now = (): number => START_MS): Capabilities {
  return createCapabilities({
    scope,
    now,
    store: { load: async () => null, save: async () => {} },
    log: createRecordingLog(),
  })
}

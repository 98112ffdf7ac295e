import { randomUUID } from 'node:crypto'
import { createBullmqQueue } from '../queue/bullmq-queue.ts'
import { checkRedis } from '../redis/check.ts'
import { openRedis } from '../redis/connections.ts'
import { createRedisBus } from '../redis/bus.ts'
import { createSharedRoster } from '../runs/shared-roster.ts'
import { createPacer } from '../spotify/pacer.ts'
import { createRedisWindow } from '../spotify/redis-window.ts'
import { type Pause } from '../spotify/standing.ts'
import { type PacerState } from '../spotify/window.ts'
import { createKeyStore } from '../store/key-store.ts'
import { createPacerStore } from '../store/pacer-store.ts'
import { checkShareable } from '../store/exclusive.ts'
import { createRunStore } from '../store/run-store.ts'
import { type Engine, type EngineOptions, WINDOW_MS } from './engine.ts'

/** One of several replicas: the files on the volume that they share are the truth, Redis delivers, paces and tells. */
export async function createDistributedEngine (options: EngineOptions): Promise<Engine> {
  const { dataDir, redisUrl, account, callsPerWindow, maxWaitMs, longestCallMs, concurrency, clock } = options
  const replica = randomUUID().slice(0, 8)
  const log = options.log.child({ replica })
  await checkShareable(dataDir)
  const redis = await openRedis(redisUrl, log)
  try {
    await checkRedis(redis, log)
    const store = await createRunStore(dataDir, log, clock.monotonic)
    const states = await createPacerStore<PacerState>(dataDir, account, log)
    const window = await createRedisWindow({ redis: redis.quick, account, longestCallMs, callsPerWindow, windowMs: WINDOW_MS, maxWaitMs, clock, store: states, log })
    const pacer = createPacer({ window, clock, store: states, log })
    const roster = createSharedRoster({ bus: createRedisBus(redis, replica, log), read: async (id) => (await store.read(id))?.run ?? null, clock })
    return {
      store,
      keys: await createKeyStore(dataDir, log),
      queue: createBullmqQueue({ redis, concurrency, clock, log }),
      roster,
      pacer,
      tokenPauses: await createPacerStore<Pause>(dataDir, account, log, 'token'),
      replica,
      health: async () => ({ redis: await redis.health() }),
      async close () {
        roster.close()
        await pacer.close()
        redis.close()
      },
    }
  } catch (error) {
    redis.close()
    throw error
  }
}

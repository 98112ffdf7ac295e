import { join } from 'node:path'
import { openSqlite } from '../database/sqlite.ts'
import { createMemoryQueue } from '../queue/memory-queue.ts'
import type { EngineOptions, Storage } from './contract.ts'

/** Opens SQLite in `dataDir`, with a queue in this process. */
export async function openEmbedded ({ dataDir, concurrency, clock, log }: EngineOptions): Promise<Storage> {
  return {
    database: await openSqlite(join(dataDir, 'service.db'), clock),
    queue: createMemoryQueue({ concurrency, clock, log }),
  }
}

import { openPostgresql, queueSchemaOf } from '../database/postgresql.ts'
import { createPgBossQueue } from '../queue/pg-boss-queue.ts'
import type { EngineOptions, Storage } from './contract.ts'

/** Opens PostgreSQL, with a queue that all processes of the database share. */
export async function openDistributed (
  { databaseUrl, databaseSchema, concurrency, clock, log }: EngineOptions
): Promise<Storage> {
  return {
    database: await openPostgresql(databaseUrl, databaseSchema, log),
    queue: createPgBossQueue({ databaseUrl, schema: queueSchemaOf(databaseSchema), concurrency, clock, log }),
  }
}

import t from 'tap'
import { newRow } from '../../src/services/store/run-row.ts'
import { newRecord } from '../../src/services/runs/transitions.ts'
import { completeRequest } from '../../src/services/runs/request.ts'
import type { RunRecord } from '../../src/services/run-record.ts'
import { startService } from '../service.ts'

const RUNS = 10_000
const TOGETHER = 100
const WITHIN_MS = 200
const LOOKS = 15

function endedRecord (number: number): RunRecord {
  const createdMs = Date.UTC(2026, 10, 1) + number * 1000
  const id = `${createdMs.toString(16).padStart(12, '0').replace(/^(.{8})/, '$1-')}-7000-8000-000000000000`
  const record = newRecord(id, completeRequest({ source: 'search', query: `tag:new ${number}` }, 1000), createdMs)
  const time = new Date(createdMs).toISOString()
  const gap = {
    albumId: null,
    name: null,
    code: 'listing_capped',
    detail: 'x'.repeat(200),
    expectedTracks: null,
    tracks: 0,
  }
  return {
    ...record,
    run: {
      ...record.run,
      status: number % 3 === 0 ? 'partial' : 'succeeded',
      complete: number % 3 !== 0,
      startedAt: time,
      finishedAt: time,
      gaps: Array.from({ length: 20 }, () => gap),
    },
  }
}

t.test(`${RUNS} stored runs are listed within ${WITHIN_MS} ms, whichever page and ` +
  `filter (median of ${LOOKS})`, async (t) => {
  const { app } = await startService(t, { env: { RETENTION_DAYS: '0', REQUESTS_PER_MINUTE: '0', LOG_LEVEL: 'warn' } })
  for (let first = 0; first < RUNS; first += TOGETHER) {
    const rows = Array.from({ length: TOGETHER }, (_, index) => newRow(endedRecord(first + index)))
    await app.engine.database.transaction({ lock: null, isDurable: false }, async (within) => {
      await within.insertInto('runs').values(rows).execute()
    })
  }
  const middle = endedRecord(RUNS / 2).run.id
  for (const url of ['/', '/?status=partial', `/?cursor=${middle}`, `/?cursor=${middle}&status=succeeded,partial`]) {
    const times: number[] = []
    for (let look = 0; look < LOOKS; look++) {
      const startedMs = performance.now()
      const answer = await app.inject({ url, headers: { accept: 'text/html' } })
      times.push(performance.now() - startedMs)
      t.equal([...answer.body.matchAll(/<th scope="row">/g)].length, 20)
    }
    const median = times.sort((a, b) => a - b)[Math.floor(LOOKS / 2)] ?? Infinity
    t.ok(median <= WITHIN_MS, `${url} ${Math.round(median)} ms`)
    t.comment(`${url}: ${Math.round(median)} ms, worst ${Math.round(times.at(-1) ?? 0)} ms`)
  }
})

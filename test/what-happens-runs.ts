import t from 'tap'
import type { Fault, SandboxSettings } from '../src/sandbox/settings/settings.ts'
import { createFastClock } from './fast-clock.ts'
import { isHonest } from './honesty.ts'
import { skipOnReplicas, startService } from './service.ts'
import { ROWS, type Row } from './what-happens-rows.ts'

/** Waits of seconds pass in milliseconds. */
const SPEED = 100

/** The first row of each setting, for each tier; the others differ in the endpoint or in a detail. */
const FIRST = new Set(new Map(ROWS.toReversed().map((row) => [`${row.tier} ${kindOf(row)}`, row])).values())
export const FIRST_ROWS = ROWS.filter((row) => FIRST.has(row))
export const OTHER_ROWS = ROWS.filter((row) => !FIRST.has(row))

function kindOf ({ setting }: Row): string {
  const given = JSON.parse(setting) as Partial<Fault>
  return given.kind ?? Object.keys(given).join()
}

/** Tests that a run ends as each row says. */
export function testRows (rows: Row[]): void {
  for (const { tier, setting, status, error, gaps, log } of rows) {
    const given = JSON.parse(setting) as Fault | Partial<SandboxSettings>
    const skip =
      'rateLimit' in given &&
      skipOnReplicas('a minute: in PostgreSQL, whose clock is the real one, a window takes its 30 s')
    t.test(`${tier} tier, ${setting}: ` +
      `${[status, error, ...gaps].filter((word) => word !== '').join(', ')}`, { skip }, async (t) => {
      const service = await startService(t, {
        sandbox: { tier, seed: 1, ...'kind' in given ? { faults: [given] } : given },
        env: { SPOTIFY_TIMEOUT_MS: '400', LOG_LEVEL: 'info' },
        dependencies: { clock: createFastClock(SPEED), retryBaseMs: 500 },
      })
      const run = await service.ingest({ limit: 30 })
      t.equal(run.status, status)
      t.equal(run.error?.code ?? '', error)
      const codes = new Set(run.gaps.map(({ code }) => code))
      if (error === '' || gaps.length > 0) t.strictSame([...codes].sort(), [...gaps].sort())
      const messages = new Set(
        service
          .log()
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { msg: string }).msg)
      )
      for (const message of log) t.ok(messages.has(message), `the log says: ${message}`)
      if (status !== 'paused') {
        isHonest(t, run, await service.document(run.id), service.sandbox, service.sandboxUrl, 'no lie')
      }
    })
  }
}

import t, { type Test } from 'tap'
import { type Stage, startStage } from '../what-happens-commands.ts'
import { ROWS, type Row } from '../what-happens-rows.ts'

/** The tables for whose rows the page wants a new service each. */
const isAlone = ({ section, tier }: Row): boolean => tier === 'extended' || section.startsWith('The run pauses')

async function shows (t: Test, stage: Stage, row: Row): Promise<void> {
  const { status, error, gaps } = await stage.play(row)
  t.equal(status, row.status, row.setting)
  t.equal(error ?? '', row.error)
  t.strictSame(gaps, [...row.gaps].sort())
  for (const message of row.log) {
    t.ok(stage.log().includes(`"msg":${JSON.stringify(message)}`), `the log says: ${message}`)
  }
}

/** Rows that are played side by side: most of their time is backoff. */
const PLAYERS = 4
t.jobs = PLAYERS

for (let part = 0; part < PLAYERS; part++) {
  t.test('the commands of docs/what-happens-when.md show each row on a running service, ' +
    `part ${part + 1} of ${PLAYERS}`, async (t) => {
    const stage = await startStage(t, 'development')
    const rows = ROWS.filter((row) => !isAlone(row)).filter((_, place) => place % PLAYERS === part)
    for (const row of rows) await shows(t, stage, row)
    await stage.end()
  })
}

for (const row of ROWS.filter(isAlone)) {
  t.test(`and on a new one: ${row.tier} tier, ${row.setting}`, async (t) => {
    const stage = await startStage(t, row.tier)
    await shows(t, stage, row)
    await stage.end()
  })
}

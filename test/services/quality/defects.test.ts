import t from 'tap'
import { CHECKS, CHECK_IDS } from '../../../src/services/quality/checks.ts'
import { DEFECTS, earlierRuns } from './defects.ts'
import { notPassed, reportOn, sandboxDocument } from './documents.ts'

const EARLIER = earlierRuns()

for (const { title, spoil, finds, isCompared = false } of DEFECTS) {
  t.test(`${title}: ${finds.join(', ')}`, async (t) => {
    const document = sandboxDocument()
    spoil(document)
    const report = reportOn(document, isCompared ? EARLIER : [])
    t.strictSame(notPassed(report).toSorted(), finds.toSorted())
    t.equal(report.verdict, finds.some((id) => CHECKS[id].severity === 'error') ? 'failed' : 'warned')
    for (
      const { failing, failingCount, verdict } of report.checks.filter(({ id }) => finds.some((found) => found === id))
    ) {
      t.ok(failingCount > 0 && failing.length <= 20 && failing.length <= failingCount)
      t.equal(verdict === 'failed' || verdict === 'warned', true)
    }
  })
}

t.test('each check has a defect that it finds', async (t) => {
  const found = new Set(DEFECTS.flatMap(({ finds }) => finds))
  t.strictSame(CHECK_IDS.filter((id) => !found.has(id)), [])
})

import { parseArgs } from 'node:util'
import { compare } from './compare.ts'
import type { Result } from './measure.ts'
import { PAGE, writeFigures } from './page.ts'
import { renderComparison } from './report.ts'

const USAGE = `npm run compare -- [--write]   the same job by own calls, the SDK and the service, on the sandbox
  --write   put the figures into ${PAGE}`

const LATENCY_MS = 50

const { values } = parseArgs({ options: { write: { type: 'boolean' }, help: { type: 'boolean' } } })

if (values.help === true) console.log(USAGE)
else {
  const onResult = ({ scenario, contender }: Result) => console.error(`${scenario}: ${contender}`)
  const figures = renderComparison(await compare(LATENCY_MS, onResult))
  console.log(figures)
  if (values.write === true) await writeFigures(figures)
}

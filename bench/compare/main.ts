import { parseArgs } from 'node:util'
import { compare } from './compare.ts'
import { PAGE, writeFigures } from './page.ts'
import { renderComparison } from './report.ts'

const USAGE = `npm run compare -- [--write]      the same job by own calls, by the SDK and by the service, on the sandbox
  --write   put the figures into ${PAGE}`

const LATENCY_MS = 50

const { values: { write = false, help = false } } = parseArgs({ options: { write: { type: 'boolean' }, help: { type: 'boolean' } } })

if (help) console.log(USAGE)
else {
  const figures = renderComparison(await compare(LATENCY_MS, ({ scenario, contender }) => console.error(`${scenario}: ${contender}`)))
  console.log(figures)
  if (write) await writeFigures(figures)
}

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type Report, renderReport } from './markdown.ts'

const README = 'bench/README.md'
const RECORD = 'bench/results.json'
const SCRATCH = 'data/bench'
const BETWEEN = /(<!-- begin of the record -->\n)[^]*(<!-- end of the record -->)/

/** Put the report where it belongs, and give the paths: into the record that is kept with the code, or beside other data. */
export async function store (report: Report, isRecord: boolean): Promise<string[]> {
  const json = `${JSON.stringify(report, null, 1)}\n`
  if (isRecord) {
    const readme = await readFile(README, 'utf8')
    await writeFile(README, readme.replace(BETWEEN, (_all, begin: string, end: string) => `${begin}${renderReport(report)}\n${end}`))
    await writeFile(RECORD, json)
    return [README, RECORD]
  }
  await mkdir(SCRATCH, { recursive: true })
  await writeFile(`${SCRATCH}/latest.md`, `${renderReport(report)}\n`)
  await writeFile(`${SCRATCH}/latest.json`, json)
  return [`${SCRATCH}/latest.md`, `${SCRATCH}/latest.json`]
}

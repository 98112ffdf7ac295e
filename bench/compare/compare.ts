import { readFile } from 'node:fs/promises'
import { CONTENDERS } from './contenders.ts'
import { type Result, measure } from './measure.ts'
import type { Comparison } from './report.ts'
import { SCENARIOS } from './scenarios.ts'

/** Lets every contender do the job in every scenario, one after the other. */
export async function compare (latencyMs: number, onResult: (result: Result) => void = () => {}): Promise<Comparison> {
  const results: Result[] = []
  for (const scenario of SCENARIOS) {
    for (const contender of CONTENDERS) {
      const result = await measure(contender, scenario, { latencyMs })
      onResult(result)
      results.push(result)
    }
  }
  const counts = CONTENDERS.map(async ({ name, file }) => [name, countCode(await readFile(file, 'utf8'))] as const)
  return { results, scenarios: SCENARIOS, codeLines: new Map(await Promise.all(counts)), latencyMs }
}

/** Counts the lines that are neither empty nor a comment. */
function countCode (text: string): number {
  return text.split('\n').filter((line) => !/^\s*($|\/\/|\/\*\*)/.test(line)).length
}

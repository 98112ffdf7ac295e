import { type Run } from '../../schemas/run.ts'
import { type Log } from '../log.ts'
import { type Findings, createInspection } from './inspection.ts'

/** Inspects the albums of a document while their texts pass. */
export interface Observer {
  /** Yields the same texts. An album that cannot be inspected is passed on all the same. */
  through: (texts: AsyncIterable<string>) => AsyncGenerator<string>
  /** null: the document was not inspected to its end. */
  findings: () => Findings | null
}

/** Creates an observer that costs a document nothing but time, whatever is wrong with the inspection. */
export function createObserver (run: Pick<Run, 'gaps' | 'finishedAt' | 'createdAt'>, log: Log): Observer {
  const inspection = createInspection(run)
  let isWhole = false
  let hasFailed = false

  function inspect (text: string): void {
    if (hasFailed) return
    try {
      inspection.add(JSON.parse(text))
    } catch (error) {
      hasFailed = true
      log.error({ err: error }, 'the document cannot be inspected; it has no quality report for now')
    }
  }

  return {
    async * through (texts) {
      for await (const text of texts) {
        inspect(text)
        yield text
      }
      isWhole = true
    },
    findings: () => isWhole && !hasFailed ? inspection.findings() : null,
  }
}

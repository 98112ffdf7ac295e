import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Run } from '../../schemas/run.ts'
import type { Log } from '../log.ts'
import { type Findings, type Inspection, createInspection } from './inspection.ts'

/** Inspects the albums of a document while their texts pass. */
export interface Observer {
  /** Yields the same texts. An album that cannot be inspected is passed on all the same. */
  through: (texts: AsyncIterable<string>) => AsyncGenerator<string>
  /** Resolves when all that passed is inspected; null: the document was not inspected to its end. */
  findings: () => Promise<Findings | null>
}

/** Texts wait for a moment in which the document is being compressed or written, which other threads do. */
const MAX_WAITING_CHARACTERS = 2 * 1024 * 1024
/** Between two turns the event loop serves everything else. */
const TURN_MS = 5

/**
 * Creates an observer that costs a document nothing but time, whatever is wrong with the inspection.
 * @param others are given each album too
 */
export function createObserver (
  run: Pick<Run, 'gaps' | 'finishedAt' | 'createdAt'>, log: Log, others: ReadonlyArray<Pick<Inspection, 'add'>> = []
): Observer {
  const inspection = createInspection(run)
  const waiting: string[] = []
  let waitingCharacters = 0
  let inspecting: Promise<void> | null = null
  let isWhole = false
  let hasFailed = false

  function inspect (text: string): void {
    waitingCharacters -= text.length
    if (hasFailed) return
    try {
      const album: unknown = JSON.parse(text)
      inspection.add(album)
      for (const other of others) other.add(album)
    } catch (error) {
      hasFailed = true
      log.error({ err: error }, 'document inspection failed; quality report deferred')
    }
  }

  async function inspectWaiting (): Promise<void> {
    while (waiting.length > 0) {
      await nextTurn()
      const endsAtMs = performance.now() + TURN_MS
      do inspect(waiting.shift() ?? '')
      while (waiting.length > 0 && performance.now() < endsAtMs)
    }
    inspecting = null
  }

  return {
    async * through (texts) {
      for await (const text of texts) {
        waiting.push(text)
        waitingCharacters += text.length
        inspecting ??= inspectWaiting()
        if (waitingCharacters > MAX_WAITING_CHARACTERS) await inspecting
        yield text
      }
      isWhole = true
    },
    async findings () {
      await inspecting
      return isWhole && !hasFailed ? inspection.findings() : null
    },
  }
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Job, Outcome, Round } from '../contenders/contender.ts'
import { course } from '../contenders/course.ts'
import type { Fetched } from '../contenders/fetched.ts'
import { openPipeline } from '../contenders/pipeline.ts'
import { redirect, sdk } from '../contenders/sdk.ts'
import { peakMemoryMb } from '../peak-memory.ts'
import './leash.ts'

// contender.js NAME ORIGIN FOLDER: does the jobs that are sent to it over the IPC channel, and answers what came of them.

type Work = (job: Job, startedMs: number) => Promise<Outcome[]>

const [which = '', origin = '', folder = ''] = process.argv.slice(2)

const WORK: Record<string, () => Promise<Work>> = {
  pipeline: openPipeline,
  course: async () => fetching(async ({ albums, listing }) => await course(origin, albums, listing)),
  sdk: async () => fetching(async ({ albums, listing }) => await sdk('sequential', albums, listing)),
  sdkBatch: async () => fetching(async ({ albums, listing }) => await sdk('batch', albums, listing)),
  sdkAtOnce: async () => fetching(async ({ albums, listing }) => await sdk('at once', albums, listing)),
}

function fetching (fetchAll: (job: Job) => Promise<Fetched>): Work {
  redirect(origin)
  return async (job, startedMs) => await Promise.all(Array.from({ length: job.times }, async (_, number) => await toFile(job, number, startedMs, fetchAll)))
}

async function toFile (job: Job, number: number, startedMs: number, fetchAll: (job: Job) => Promise<Fetched>): Promise<Outcome> {
  try {
    const { albums, tracks, content } = await fetchAll(job)
    await writeFile(join(folder, `album_items_${number}.json`), JSON.stringify(content))
    return { albums, tracks, error: null, endedMs: performance.now() - startedMs }
  } catch (error) {
    return { albums: 0, tracks: 0, error: firstSentence(error), endedMs: performance.now() - startedMs }
  }
}

function firstSentence (error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(/[.\n]/, 1).join().slice(0, 100)
}

const work = WORK[which]
if (work === undefined) throw new Error(`no contender ${which}`)
const doJob = await work()

process.on('message', (job: Job | 'are you ready?') => {
  if (job === 'are you ready?') process.send?.('yes')
  else void answer(job)
})
process.channel?.ref()

async function answer (job: Job): Promise<void> {
  const startedMs = performance.now()
  const outcomes = await doJob(job, startedMs)
  const round: Round = { wallMs: Math.max(...outcomes.map(({ endedMs }) => endedMs)), outcomes, peakMemoryMb: peakMemoryMb() }
  process.send?.(round)
}

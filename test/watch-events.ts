import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Test } from 'tap'
import { request } from 'undici'
import type { Run } from '../src/schemas/run.ts'
import type { Service } from './service.ts'

export interface WatchedRun {
  events: Array<{ event: string, run: Run, atMs: number }>
  /** The first run of an event that is so. */
  until: (is: (run: Run) => boolean) => Promise<Run>
}

/** The events of a run, with the time of each; the stream ends with the test. */
export async function watchEvents (t: Test, service: Pick<Service, 'url'>, id: string): Promise<WatchedRun> {
  const { body } = await request(`${service.url}/runs/${id}/events`)
  const events: WatchedRun['events'] = []
  const listeners = new Set<() => void>()
  let event = ''
  createInterface(body as Readable).on('line', (line) => {
    if (line.startsWith('event: ')) event = line.slice(7)
    if (!line.startsWith('data: ')) return
    events.push({ event, run: JSON.parse(line.slice(6)) as Run, atMs: performance.now() })
    for (const listener of listeners) listener()
  }).on('error', () => {})
  body.on('error', () => {})
  t.teardown(() => body.destroy())
  return {
    events,
    until: async (is) => await new Promise<Run>((resolve) => {
      let seen = 0
      const look = (): void => {
        const found = events.slice(seen).find(({ run }) => is(run))
        seen = events.length
        if (found === undefined) return
        listeners.delete(look)
        resolve(found.run)
      }
      listeners.add(look)
      look()
    }),
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, writeFile } from 'node:fs/promises'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { temporaryFolder } from '../service.ts'

export const DAG_FILE = 'examples/airflow/album_releases.py'
/** Python leaves no caches beside the sources. */
export const PYTHON_ENV = { PATH: process.env['PATH'] ?? '', PYTHONDONTWRITEBYTECODE: '1' }

/** What play.py tells of one run of the DAG. */
export type DagEvent =
  | { event: 'answer', method: string, path: string, status: number }
  | { event: 'not yet', task: string }
  | { event: 'retry' | 'failed', task: string, error: string }
  | { event: 'success', task: string, xcom: unknown }
  | DagEnd

export interface DagEnd {
  event: 'end'
  state: 'success' | 'failed'
  tasks: Record<string, string>
  xcoms: Record<string, unknown>
  clockS: number
}

/** Acts between two steps of the DAG; `lose`: the answer that was just told of never arrives. */
export type OnEvent = (event: DagEvent) => Promise<'lose' | void> | 'lose' | void

export interface Played {
  end: DagEnd
  events: DagEvent[]
  /** The bodies that were posted to the connection of the alerts. */
  alerts: string[]
  /** The largest value that went to XCom, in bytes. */
  largestXcomBytes: number
}

export interface PlayOptions {
  url: string
  headers?: Record<string, string>
  settings?: Record<string, unknown>
  onEvent?: OnEvent
}

const MARKET = 'DE'
const CONFIG = {
  timezone: 'Europe/Berlin', schedule: '0 6 * * *', limit: 12, quality: ['passed', 'warned'], wait_hours: 1,
}
const LOGICAL_DATE = '2026-11-30T06:00:00+01:00'

/** Plays the DAG of one market against a service, to its end. */
export async function playDag (t: Test, options: PlayOptions): Promise<Played> {
  const { url, headers = {}, settings = {}, onEvent = () => {} } = options
  const folder = await temporaryFolder(t)
  const config = { ...CONFIG, storage: join(folder, 'data'), ...settings }
  await copyFile(DAG_FILE, join(folder, 'album_releases.py'))
  await writeFile(join(folder, 'markets.json'), JSON.stringify({ ...config, markets: [{ market: MARKET }] }))
  const { alertsUrl, alerts } = await listenForAlerts(t)
  const connections = { album_ingest: { url, headers }, album_alerts: { url: alertsUrl } }
  const env = { ...PYTHON_ENV, AIRFLOW_CONNECTIONS: JSON.stringify(connections) }
  const args = [join(folder, 'album_releases.py'), `album_releases_${MARKET.toLowerCase()}`, LOGICAL_DATE]
  const events = await steps(t, args, env, onEvent)
  const end = events.at(-1)
  if (end?.event !== 'end') throw new Error(`the DAG did not end: ${JSON.stringify(end)}`)
  const sizes = events.map((event) => event.event === 'success' ? JSON.stringify(event.xcom).length : 0)
  return { end, events, alerts, largestXcomBytes: Math.max(...sizes) }
}

type Variables = Record<string, string>

async function steps (t: Test, args: string[], env: Variables, onEvent: OnEvent): Promise<DagEvent[]> {
  const child = spawn('python3', ['test/airflow/play.py', ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const events: DagEvent[] = []
  for await (const line of createInterface(child.stdout)) {
    const event = JSON.parse(line) as DagEvent
    events.push(event)
    child.stdin.write(`${await onEvent(event) ?? ''}\n`)
  }
  await closed
  return events
}

async function listenForAlerts (t: Test): Promise<{ alertsUrl: string, alerts: string[] }> {
  const alerts: string[] = []
  const answer = async (request: IncomingMessage): Promise<void> => {
    alerts.push((JSON.parse(await text(request)) as { text: string }).text)
  }
  const server = createServer((request, response) => { void answer(request).then(() => response.end()) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { alertsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, alerts }
}

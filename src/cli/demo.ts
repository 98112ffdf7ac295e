import { parseArgs } from 'node:util'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { Client } from 'undici'
import { ServiceError } from '../errors.ts'
import { startupErrorLines } from '../startup-error.ts'
import { logTo } from '../logging/log-destination.ts'
import { createLogger } from '../logging/logger.ts'
import { printable } from '../printable.ts'
import { type ProgressDisplay, costText, createProgressBar, createProgressLog } from './progress.ts'
import { TIERS, type Tier } from '../sandbox/catalogue/objects.ts'
import type { Run } from '../schemas/run.ts'
import { hasEnded } from '../services/run-record.ts'
import { startTrial } from './trial.ts'

const USAGE = `npm run demo -- [options]      the whole job on the sandbox: no credentials, no network

  --once           exit after the summary
  --tier T         development (what every new app gets) or extended
  --latency-ms N   how long each answer of the sandbox takes (0)`

const SANDBOX_PORT = 4000
/**
 * The catalogue begins so many days ago: its releases are new, and those of the next days that a user tries are not in
 * the future. Quality would warn of either.
 */
const DEMO_DAYS = 7
const DAY_MS = 24 * 3_600_000

/** Runs the demo; whatever keeps it from its summary ends the process with code 1. */
export async function runDemo (): Promise<void> {
  try {
    await main()
  } catch (error) {
    for (const line of startupErrorLines(error)) process.stderr.write(`${line}\n`)
    process.exit(1)
  }
}

async function main (): Promise<void> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean' },
      tier: { type: 'string' },
      'latency-ms': { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return say(USAGE)
  const settings = {
    tier: tierOf(values.tier),
    latencyMs: latencyOf(values['latency-ms']),
    dayZero: dateBefore(DEMO_DAYS),
  }
  const isTerminal = process.stderr.isTTY
  const logger = await createLogger(logTo(2, { sync: true }), isTerminal)
  const { app, url, sandboxUrl, close } = await startTrial({
    env: environment(), logger, sandboxPort: SANDBOX_PORT, settings,
  })
  let isSummed = false
  closeWithGrace({ logger: false }, async ({ signal, err }) => {
    await close()
    if (isSummed) return
    for (const line of err === undefined
      ? [`the demo was stopped by ${signal ?? 'itself'} before its run had ended`]
      : startupErrorLines(err)) process.stderr.write(`${line}\n`)
    process.exit(1)
  })
  const display = isTerminal
    ? createProgressBar(process.stderr, app.dependencies.clock)
    : createProgressLog(app.log, app.dependencies.clock)
  const run = await ingestOnce(app, url, display)
  say(summary(run, await app.runs.documentPath(run)))
  isSummed = true
  if (values.once !== true) return say(invitation(run, url, sandboxUrl))
  await close()
  process.exit(run.status === 'succeeded' ? 0 : 1)
}

function dateBefore (days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)
}

function tierOf (text = 'development'): Tier {
  const tier = TIERS.find((known) => known === text)
  if (tier === undefined) {
    throw new ServiceError('invalid_request', `--tier cannot be "${text}": it must be one of ${TIERS.join(', ')}`)
  }
  return tier
}

/** Throws `invalid_request`. */
export function latencyOf (text = '0'): number {
  if (!/^\d{1,5}$/.test(text)) {
    throw new ServiceError(
      'invalid_request', `--latency-ms cannot be "${text}": it must be a whole number of milliseconds, of at most 99999`
    )
  }
  return Number(text)
}

/** Returns the user's own variables, without those that would share, protect or redirect the demo. */
function environment (): Record<string, string | undefined> {
  return {
    LOG_LEVEL: 'warn',
    DATA_DIR: './data/demo',
    ...process.env,
    API_KEYS: '',
    HTTPS_PROXY: '',
    HTTP_PROXY: '',
    https_proxy: '',
    http_proxy: '',
    DATABASE_URL: '',
    ROLE: 'all',
  }
}

/** Starts a run over HTTP, as a client does, and watches it until it ends. */
async function ingestOnce (app: FastifyInstance, url: string, display: ProgressDisplay): Promise<Run> {
  const client = new Client(url)
  const { body } = await client.request({ method: 'POST', path: '/ingest' })
  const { id } = await body.json() as Run
  await client.close()
  return await new Promise((resolve, reject) => {
    const look = (run: Run): void => {
      display.update(run)
      if (!hasEnded(run)) return
      display.stop()
      resolve(run)
    }
    app.runs.watch(id, look)
    app.runs.get(id).then(look, reject)
  })
}

/** Returns the outcome of the run and the path of its file, one per line. */
export function summary (
  { status, progress, cost, source, startedAt, finishedAt, error }: Run, path: string | null
): string {
  const seconds = (Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1000
  return [
    `${status}: ${progress.albumsFetched} albums with ${progress.tracks} tracks in ${seconds} s, ${costText(cost)}`,
    ...source?.reason == null ? [] : [`source: ${source.used} ${source.query ?? ''}, because ${source.reason}`],
    ...error === null ? [] : [`${error.code}: ${error.detail}`],
    ...path === null ? [] : [path],
  ].map(printable).join('\n')
}

/** Returns the URLs and commands to try. */
export function invitation ({ id }: Run, url: string, sandboxUrl: string): string {
  const rows = [
    [`${url}/`, 'the page: start runs, and watch them'],
    [`${url}/docs`, 'every route, in a browser'],
    [`curl ${url}/runs/${id}`, 'the document'],
    [`curl ${url}/runs/${id}/status`, 'the run without albums'],
    [`curl -X POST ${url}/ingest`, 'another run'],
    [`curl ${sandboxUrl}/sandbox/stats`, 'the calls that the sandbox has received'],
  ] as const
  const width = Math.max(...rows.map(([command]) => command.length))
  const lines = rows.map(([command, meaning]) => `  ${command.padEnd(width)}   ${meaning}`)
  return `
The service is on ${url} and the sandbox on ${sandboxUrl}, until Ctrl-C. Try, in a second shell:
${lines.join('\n')}`
}

function say (text: string): void {
  process.stdout.write(`${text}\n`)
}

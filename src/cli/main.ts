import { access, constants, mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../app.ts'
import { type CliArguments, USAGE, inOptions, readArguments } from './arguments.ts'
import { ServiceError, messageOf } from '../errors.ts'
import { startupErrorLines } from '../startup-error.ts'
import { logTo } from '../logging/log-destination.ts'
import { createLogger } from '../logging/logger.ts'
import { printable } from '../printable.ts'
import { costText, createProgressBar, createProgressLog } from './progress.ts'
import type { Run, RunStatus } from '../schemas/run.ts'
import { hasEnded } from '../services/run-record.ts'
import { copyDocument } from '../services/store/documents/copy-document.ts'
import { writeTables } from './write-tables.ts'

/** 75 is EX_TEMPFAIL of sysexits.h. */
const EXIT_CODES: Partial<Record<RunStatus, number>> = { succeeded: 0, partial: 2, paused: 75 }
const FAILED = 1

/** Makes one run without HTTP, and ends the process with the exit code that says how the run ended. */
export async function ingestOnce (): Promise<never> {
  try {
    process.exit(await main())
  } catch (error) {
    for (const line of startupErrorLines(error)) process.stderr.write(`${line}\n`)
    process.exit(FAILED)
  }
}

async function main (): Promise<number> {
  const args = readArguments(process.argv.slice(2), process.env)
  if (args.help) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  const isTerminal = process.stderr.isTTY
  const logger = await createLogger(logTo(2, { sync: true }), isTerminal)
  /**
   * Nothing listens here, so nothing has to be protected against who could reach it; with DATABASE_URL it is one more
   * replica until its run has ended.
   */
  const env = { ...process.env, HOST: '127.0.0.1', ROLE: 'all' }
  const app = await buildApp({ env, envFile: '.env', logger, recover: false })
  if (isTerminal) app.log.level = 'error'
  const display = isTerminal
    ? createProgressBar(process.stderr, app.dependencies.clock)
    : createProgressLog(app.log, app.dependencies.clock)
  try {
    await app.ready()
    if (args.out !== undefined) await makeFolder(args.out)
    const run = await untilItStops(app, args, display.update)
    display.stop()
    return await report(run, await app.runs.documentPath(run), args)
  } finally {
    display.stop()
    await app.close()
  }
}

/**
 * Returns the run as soon as it has ended or, unless pauses are waited for, is paused; throws where the user stops it.
 */
async function untilItStops (
  { runs, dependencies: { clock } }: Pick<FastifyInstance, 'runs' | 'dependencies'>,
  { body, waitForPause }: CliArguments,
  update: (run: Run) => void
): Promise<Run> {
  const started = await runs.start(body, null, { kind: 'cli', name: null }).catch(
    (error: unknown) => { throw inOptions(error) }
  )
  let stop = (_signal: NodeJS.Signals): void => {}
  return await new Promise<Run>((resolve, reject) => {
    stop = (signal) => reject(new ServiceError('canceled', `stopped by ${signal}: the same command resumes the run`))
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    const look = (run: Run): void => {
      update(run)
      if (hasEnded(run) || (!waitForPause && isPausedStill(run, clock.now()))) resolve(run)
    }
    runs.watch(started.id, look)
    runs.get(started.id).then(look, reject)
  }).finally(() => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  })
}

/** A pause that is over is only waiting for the queue to come to the run. */
function isPausedStill ({ status, resumeAt }: Run, nowMs: number): boolean {
  return status === 'paused' && resumeAt !== null && Date.parse(resumeAt) > nowMs
}

async function report (run: Run, path: string | null, { out, tables }: CliArguments): Promise<number> {
  const { status, error, gaps, progress, cost } = run
  process.stderr.write(`${status}: ${progress.albumsFetched} of ${progress.albumsListed} albums, ${progress.tracks} ` +
    `tracks, ${costText(cost)}\n`)
  if (error !== null) process.stderr.write(`${printable(`${error.code}: ${error.detail}`)}\n`)
  if (status === 'paused') process.stderr.write(`the same command resumes the run after ${run.resumeAt ?? 'that'}\n`)
  for (const gap of gaps) {
    process.stderr.write(
    `${printable(`missing: ${gap.albumId ?? 'listing'} ${gap.name ?? ''} ${gap.code}: ${gap.detail}`)}\n`
    )
  }
  if (path !== null && run.file !== null) {
    const file = out === undefined ? resolve(path) : await copyDocument(path, out, run.file)
    process.stdout.write(`${file}\n`)
    if (tables) for (const table of await writeTables(run, file)) process.stderr.write(`table: ${table}\n`)
  }
  return EXIT_CODES[status] ?? FAILED
}

/** Before any call is spent on what could not be handed over. */
async function makeFolder (folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (error) {
    const detail = `--out ${folder} is not a writable folder (${messageOf(error)}): name another one`
    throw new ServiceError('invalid_request', detail, { cause: error })
  }
}

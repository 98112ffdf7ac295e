import { join } from 'node:path'
import type { Test } from 'tap'
import { openDuck } from '../services/tables/duckdb.ts'
import { type Service, environment, startService, temporaryFolder } from '../service.ts'
import { type Block, type Example, examplesOf } from './blocks.ts'
import { type Exception, exceptionFor } from './exceptions.ts'
import { type Shell, cloneByLinks, openShell } from './shell.ts'
import { isAmong, isAsShown, isSameJson, masked } from './shown.ts'
import { textOf } from './text-table.ts'

const RUN = ['sh', 'bash', 'sql']
/** The page whose reader has no run yet; the others start from the run that `npm run demo` has made. */
const FIRST_PAGE = 'README.md'

/** Runs every example of a page in a clone, on a sandbox and a service, and compares the outputs with those shown. */
export async function playPage (t: Test, page: string): Promise<void> {
  const examples = (await examplesOf(page)).examples.filter((example) => isRun(example))
  if (examples.length === 0) return
  const folder = await cloneByLinks(t)
  const service = await startService(t, { dataDir: join(folder, 'data') })
  if (page !== FIRST_PAGE) await service.ingest()
  const { DATA_DIR: _default, LOG_LEVEL: _level, ...variables } = environment(service.sandboxUrl, '')
  const shell = await openShell(t, folder, variables)
  for (const example of examples) {
    if (example.language === 'sql') await playQuery(t, example, folder)
    else await playCommands(t, example, service, shell)
  }
}

function isRun ({ page, language, code }: Block): boolean {
  const { notRun, runBy } = exceptionFor(page, code) ?? {}
  return RUN.includes(language) && notRun === undefined && runBy === undefined
}

async function playCommands (t: Test, example: Example, service: Service, shell: Shell): Promise<void> {
  const { serves, stopsService, again }: Partial<Exception> = exceptionFor(example.page, example.code) ?? {}
  if (stopsService === true) await service.app.close()
  const [shown, other] = example.outputs
  const commands = pointedAt(service, example)
  if (serves !== undefined) return compare(t, example, shown, await shell.serve(commands, serves), isAmong)
  const { code, stdout, stderr } = await shell.run(commands)
  t.equal(code, 0, `${example.page}:${example.line} ends with 0: ${stderr}`)
  compare(t, example, shown, stdout)
  if (again === undefined) return
  const changed = await startService(t, { on: service, dataDir: await temporaryFolder(t), env: again })
  compare(t, example, other, (await shell.run(pointedAt(changed, example))).stdout)
}

/** The commands of a page name the usual ports, and would install what is installed. */
function pointedAt ({ url, sandboxUrl }: Service, { code }: Example): string {
  return code
    .replaceAll('http://127.0.0.1:3000', url)
    .replaceAll('http://127.0.0.1:4000', sandboxUrl)
    .replaceAll('npm ci', 'true')
}

async function playQuery (t: Test, example: Example, folder: string): Promise<void> {
  const duck = await openDuck(t)
  await duck.query(`SET file_search_path = '${folder}'`)
  compare(t, example, example.outputs[0], textOf(await duck.query(example.code)))
}

function compare (
  t: Test,
  { page, code }: Example,
  shown: Block | undefined,
  actual: string,
  isEqual = isAsShown
): void {
  if (shown === undefined) return
  const isShown = shown.language === 'json' ? isSameJson(shown.code, actual) : isEqual(shown.code, actual)
  t.equal(
    isShown ? masked(shown.code) : masked(actual),
    masked(shown.code),
    `${page}:${shown.line} is what comes of: ${code}`
  )
}

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Servers } from './servers.ts'

export const NOTEBOOK = 'examples/notebook/walkthrough.ipynb'

/** A command of Jupyter: to execute a notebook, or to open it. */
export type Command = 'nbconvert' | 'lab' | 'notebook'

type Urls = Pick<Servers, 'sandboxUrl' | 'serviceUrl'>

/** A notebook as a file (nbformat 4.5), as far as it is read here. */
export interface Notebook {
  cells: Cell[]
  metadata: Record<string, unknown>
}
export interface Cell {
  id: string
  cell_type: 'code' | 'markdown'
  source: string[]
  execution_count?: number | null
  outputs?: Output[]
}
export interface Output {
  output_type: 'stream' | 'display_data' | 'execute_result' | 'error'
  name?: string
  text?: string[]
  data?: Record<string, string | string[]>
}

const LIBRARIES = ['ipykernel', 'requests', 'pandas', 'matplotlib']
const PACKAGES: Readonly<Record<Command, string>> = {
  nbconvert: 'jupyter-nbconvert', lab: 'jupyter-notebook', notebook: 'jupyter-notebook',
}

/** Returns the first of the commands that this machine has. */
export function findCommand (commands: readonly Command[]): Command | undefined {
  return commands.find((command) => spawnSync('jupyter', [command, '--version']).status === 0)
}

/** Returns in one line what is missing for any of the commands, and how to install it; null if nothing is. */
export function describeMissing (commands: readonly [Command, ...Command[]]): string | null {
  const missing = findCommand(commands) === undefined ? `jupyter ${commands.join(' or jupyter ')}` : missingLibraries()
  if (missing === null) return null
  const packages = [PACKAGES[commands[0]], ...LIBRARIES.map((library) => `python3-${library}`)]
  return `the notebook needs ${missing}, which is not installed; on Debian: apt-get install ${packages.join(' ')}`
}

/** Returns what the Python of Jupyter's kernel cannot import. */
function missingLibraries (): string | null {
  const python = pythonOfKernel()
  if (python === undefined) return 'a Python kernel (ipykernel)'
  return LIBRARIES.find((library) => spawnSync(python, ['-c', `import ${library}`]).status !== 0) ?? null
}

function pythonOfKernel (): string | undefined {
  const { stdout } = spawnSync('jupyter', ['--paths', '--json'], { encoding: 'utf8' })
  const { data } = JSON.parse(stdout) as { data: string[] }
  const path = data.map((folder) => join(folder, 'kernels', 'python3', 'kernel.json')).find((path) => existsSync(path))
  return path && (JSON.parse(readFileSync(path, 'utf8')) as { argv: string[] }).argv[0]
}

/**
 * Executes the stored notebook, and returns it with its new outputs.
 * @throws Error with the output of nbconvert, if a cell fails
 */
export async function executeNotebook (urls: Urls): Promise<Notebook> {
  const folder = await mkdtemp(join(tmpdir(), 'notebook-'))
  try {
    // No settings of the user, and no times in the metadata of cells.
    const isolated = { IPYTHONDIR: folder, JUPYTER_CONFIG_DIR: folder, JUPYTER_RUNTIME_DIR: folder, MPLCONFIGDIR: folder }
    const { code, stderr } = await runJupyter([
      'nbconvert', '--to', 'notebook', '--execute', '--ExecutePreprocessor.record_timing=False',
      '--output-dir', folder, '--output', 'executed.ipynb', NOTEBOOK,
    ], urls, { capture: true, environment: isolated })
    if (code !== 0) throw new Error(`nbconvert ended with ${code}:\n${stderr}`)
    return JSON.parse(await readFile(join(folder, 'executed.ipynb'), 'utf8')) as Notebook
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Returns the text of a notebook file, as Jupyter writes it but without the version of Python. */
export function toFileText ({ cells, metadata, ...rest }: Notebook): string {
  return `${JSON.stringify({ cells, metadata: { ...metadata, language_info: { name: 'python' } }, ...rest }, null, 1)}\n`
}

interface RunOptions { capture: boolean, environment?: Record<string, string> }

/** Runs Jupyter to its end; a signal to this process ends it. Its stderr is returned if it is captured, or shown. */
export async function runJupyter (
  args: readonly string[], { sandboxUrl, serviceUrl }: Urls, { capture, environment = {} }: RunOptions
): Promise<{ code: number | null, stderr: string }> {
  const child = spawn('jupyter', args, {
    env: { ...process.env, ...environment, SANDBOX_URL: sandboxUrl, SERVICE_URL: serviceUrl },
    stdio: ['ignore', capture ? 'ignore' : 'inherit', capture ? 'pipe' : 'inherit'],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
  const end = (): void => { child.kill('SIGTERM') }
  process.on('SIGINT', end).on('SIGTERM', end)
  try {
    const [code] = await once(child, 'close') as [number | null]
    return { code, stderr }
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end)
  }
}

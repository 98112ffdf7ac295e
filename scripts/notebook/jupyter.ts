import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Trial } from '../../src/cli/trial.ts'

export const NOTEBOOK = 'examples/notebook/walkthrough.ipynb'

/** A command of Jupyter: to execute a notebook, or to open it. */
export type Command = 'nbconvert' | 'lab' | 'notebook'

type Urls = Pick<Trial, 'sandboxUrl' | 'url'>

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

/** The folders in which Jupyter, IPython and matplotlib keep settings and sockets. */
const FOLDERS = ['IPYTHONDIR', 'JUPYTER_CONFIG_DIR', 'JUPYTER_RUNTIME_DIR', 'MPLCONFIGDIR']
const LIBRARIES = ['ipykernel', 'requests', 'pandas', 'matplotlib']
/** Finds libraries without importing them, which takes seconds. */
const FIND_LIBRARIES = `
import importlib.util, sys
for name in sys.argv[1:]:
    if importlib.util.find_spec(name): print(name)
`
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

/** Returns the first library that the Python of Jupyter's kernel does not have. */
function missingLibraries (): string | null {
  const python = pythonOfKernel()
  if (python === undefined) return 'a Python kernel (ipykernel)'
  const { stdout } = spawnSync(python, ['-c', FIND_LIBRARIES, ...LIBRARIES], { encoding: 'utf8' })
  return LIBRARIES.find((library) => !stdout.split('\n').includes(library)) ?? null
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
export async function executeNotebook (urls: Urls, signal: AbortSignal): Promise<Notebook> {
  const folder = await mkdtemp(join(tmpdir(), 'notebook-'))
  try {
    // No settings of the user, and no times in the metadata of cells.
    const isolated = Object.fromEntries(FOLDERS.map((name) => [name, folder]))
    const { code, stderr } = await runJupyter([
      'nbconvert', '--to', 'notebook', '--execute', '--ExecutePreprocessor.record_timing=False',
      '--output-dir', folder, '--output', 'executed.ipynb', NOTEBOOK,
    ], urls, { signal, capture: true, environment: isolated })
    signal.throwIfAborted()
    if (code !== 0) throw new Error(`nbconvert ended with ${code}:\n${stderr}`)
    return JSON.parse(await readFile(join(folder, 'executed.ipynb'), 'utf8')) as Notebook
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Returns the text of a notebook file, as Jupyter writes it but without the version of Python. */
export function toFileText ({ cells, metadata, ...rest }: Notebook): string {
  const lasting = { ...metadata, language_info: { name: 'python' } }
  return `${JSON.stringify({ cells, metadata: lasting, ...rest }, null, 1)}\n`
}

interface RunOptions {
  /** Ends Jupyter. */
  readonly signal: AbortSignal
  /** Returns what it prints to stderr, instead of showing all that it prints. */
  readonly capture?: boolean
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs Jupyter until it has ended by itself or by the signal. */
export async function runJupyter (
  args: readonly string[], { sandboxUrl, url }: Urls, { signal, capture = false, environment = {} }: RunOptions
): Promise<{ code: number | null, stderr: string }> {
  const child = spawn('jupyter', args, {
    env: { ...process.env, ...environment, SANDBOX_URL: sandboxUrl, SERVICE_URL: url },
    stdio: ['ignore', capture ? 'ignore' : 'inherit', capture ? 'pipe' : 'inherit'],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
  const end = (): void => { child.kill('SIGTERM') }
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  try {
    const [code] = await once(child, 'close') as [number | null]
    return { code, stderr }
  } finally {
    signal.removeEventListener('abort', end)
  }
}

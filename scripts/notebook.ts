import { writeFile } from 'node:fs/promises'
import {
  type Command, describeMissing, executeNotebook, findCommand, NOTEBOOK, runJupyter, toFileText,
} from './notebook/jupyter.ts'
import { startServers } from './notebook/servers.ts'

/*
 * Opens the notebook in Jupyter, beside the sandbox and the service that it calls, and ends all of it together.
 * With --execute it is executed and stored with its outputs; other arguments go to Jupyter.
 */

const OPENING = ['notebook', 'lab'] as const satisfies Command[]
const PORTS = { sandbox: 4000, service: 3000 }

const stopped = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopped.abort(new Error(`ended by ${name}`)))

const args = process.argv.slice(2)
const isExecution = args[0] === '--execute'
const missing = describeMissing(isExecution ? ['nbconvert'] : OPENING)

try {
  if (missing !== null) throw new Error(missing)
  process.exitCode = await (isExecution ? store() : open())
} catch (error) {
  process.stderr.write(`notebook: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function open (): Promise<number> {
  const servers = await startServers(PORTS)
  try {
    process.stdout.write(`sandbox: ${servers.sandboxUrl}, service: ${servers.url}, until Ctrl-C\n`)
    const command = findCommand(OPENING) ?? OPENING[0]
    const { code } = await runJupyter([command, NOTEBOOK, ...args], servers, { signal: stopped.signal })
    return code ?? 0
  } finally {
    await servers.close()
  }
}

async function store (): Promise<number> {
  const servers = await startServers({ sandbox: 0, service: 0 })
  try {
    await writeFile(NOTEBOOK, toFileText(await executeNotebook(servers, stopped.signal)))
    return 0
  } finally {
    await servers.close()
  }
}

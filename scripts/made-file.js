import { readFile, writeFile } from 'node:fs/promises'

/** Write a file that is made from another one; with `--check` on the command line, fail if it is not up to date. */
export async function madeFile (path, text, command) {
  if (!process.argv.includes('--check')) return await writeFile(path, text)
  if (await readFile(path, 'utf8').catch(() => '') === text) return
  process.stderr.write(`${path} is not up to date: ${command} makes it anew\n`)
  process.exitCode = 1
}

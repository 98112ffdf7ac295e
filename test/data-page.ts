import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { runCommand } from './process.ts'
import { type Service, temporaryFolder } from './service.ts'

const PAGE = await readFile('docs/data.md', 'utf8')

/** A block of the page, and the output under it; null: none is shown. */
export interface Example { code: string, output: string | null }

/** The blocks of a language under a heading. */
export function examplesOf (heading: string, language: string): Example[] {
  const section = PAGE.split(/^#{2,3} /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const blocks = section.matchAll(
    new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`\n(?:\n\`\`\`text\n(.*?)^\`\`\`$)?`, 'gms')
  )
  return [...blocks].map(([, code = '', output]) => ({ code, output: output ?? null }))
}

/** Downloads the tables by the page's own command, and returns the folder. */
export async function downloadTables (t: Test, { url }: Service): Promise<string> {
  const folder = await temporaryFolder(t)
  const [download] = examplesOf('Worked examples', 'sh')
  const { code, stderr } = await runCommand('bash', [
    '-ec',
    `cd ${folder}\n${download?.code.replaceAll('http://127.0.0.1:3000', url) ?? 'false'}`,
  ])
  if (code !== 0) throw new Error(stderr)
  return folder
}

/** Whether a program answers; else why not, for `skip`. */
export function missing (program: string, args: string[], advice: string): string | false {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return false
  } catch {
    return advice
  }
}

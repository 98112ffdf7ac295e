import { readFile, readdir } from 'node:fs/promises'

/** A fenced block of a page. */
export interface Block {
  page: string
  /** The line of its fence; 1 is the first. */
  line: number
  language: string
  code: string
}

/** A block of commands or of SQL, and the outputs shown under it. */
export interface Example extends Block {
  outputs: Block[]
}

const OUTPUTS = ['text', 'json']

/** The pages for users: their commands are run. */
export async function pages (): Promise<string[]> {
  const docs = (await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  return ['README.md', ...docs.sort()]
}

/** Reads the fenced blocks of a page, also those inside lists. */
export async function blocksOf (page: string): Promise<Block[]> {
  const text = await readFile(page, 'utf8')
  const fenced = text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)
  return [...fenced].map(({ 1: indent = '', 2: language = '', 3: code = '', index }) =>
    ({ page, language, line: lineAt(text, index), code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }))
}

/** Joins commands and SQL with the outputs that follow them before the next commands. */
export async function examplesOf (page: string): Promise<{ examples: Example[], alone: Block[] }> {
  const examples: Example[] = []
  const alone: Block[] = []
  let last: Example | null = null
  for (const block of await blocksOf(page)) {
    const isOutput = OUTPUTS.includes(block.language)
    if (!isOutput) {
      last = { ...block, outputs: [] }
      examples.push(last)
    } else if (last === null) {
      alone.push(block)
    } else {
      last.outputs.push(block)
    }
  }
  return { examples, alone }
}

function lineAt (text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

import { readFile, writeFile } from 'node:fs/promises'

export const PAGE = 'docs/sdk-comparison.md'
const FIGURES = /(?<=<!-- made: comparison -->\n).*?(?=<!-- end -->)/s

/** Reads the figures of the page. */
export async function readFigures (): Promise<string> {
  return figuresIn(await readFile(PAGE, 'utf8'))
}

/** Replaces the figures of the page. */
export async function writeFigures (figures: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8')
  figuresIn(page)
  await writeFile(PAGE, page.replace(FIGURES, () => `\n${figures}\n\n`))
}

function figuresIn (page: string): string {
  const figures = FIGURES.exec(page)?.[0]
  if (figures === undefined) throw new Error(`${PAGE} has no place for the figures`)
  return figures.trim()
}

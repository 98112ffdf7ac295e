import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { namesIn } from './files.ts'

/** A table that was written beside a document, or is being written. */
const TABLE_FILE = /^(album_items_[^.-]+)(?:-\d+)?\.\w+\.parquet(?=\.|$)/

/** Returns the name of the document that a table was made of; empty: the file is no table of ours. */
export function documentOfTable (name: string): string {
  const stem = TABLE_FILE.exec(name)?.[1]
  return stem === undefined ? '' : `${stem}.json`
}

/** Deletes the tables beside a document. */
export async function removeTableFiles (folder: string, document: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (documentOfTable(name) === document) await rm(join(folder, name), { force: true })
  }
}

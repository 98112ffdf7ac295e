import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ServiceError, messageOf } from '../errors.ts'
import type { Run } from '../schemas/run.ts'
import { albumLines } from '../formats/album-lines.ts'
import { takesName } from '../services/store/documents/copy-document.ts'
import { asideOf, syncFolder } from '../services/store/documents/durable-file.ts'
import { hashOf } from '../services/store/documents/files.ts'
import type { Table } from '../services/tables/define-table.ts'
import { TABLE_FORMATS } from '../services/tables/table-formats.ts'
import { TABLES } from '../services/tables/tables.ts'

interface WrittenTable { table: Table, aside: string, sha256: string | null }

/**
 * Writes a Parquet file for each table beside a document, all of them or none, and returns their paths. It replaces
 * nothing: files of the same names and content are the tables, beside others (of the same run before it was resumed)
 * they are named `…-2.tracks.parquet`.
 */
export async function writeTables (run: Run, documentPath: string): Promise<string[]> {
  const folder = dirname(documentPath)
  const stem = basename(documentPath, '.json')
  const pathOf = ({ name }: Table, number: number): string => {
    return resolve(folder, `${stem}${number === 1 ? '' : `-${number}`}.${name}.parquet`)
  }
  const written: WrittenTable[] = []
  try {
    for (const table of TABLES) {
      const aside = asideOf(pathOf(table, 1))
      written.push({ table, aside, sha256: null })
      await writeTable(run, documentPath, table, aside)
      written[written.length - 1] = { table, aside, sha256: await hashOf(aside) }
    }
    for (let number = 1; ; number++) {
      const named = written.map((one) => ({ ...one, target: pathOf(one.table, number) }))
      if (!await takeNames(named)) continue
      await syncFolder(folder)
      return named.map(({ target }) => target)
    }
  } catch (error) {
    const advice = `make room in ${folder}, or name another folder with --out`
    const detail = `the tables cannot be written beside the document (${messageOf(error)}): ${advice}`
    throw new ServiceError('storage_failed', detail, { cause: error })
  } finally {
    for (const { aside } of written) await rm(aside, { force: true })
  }
}

async function writeTable (run: Run, documentPath: string, table: Table, aside: string): Promise<void> {
  const albums = albumLines(createReadStream(documentPath) as AsyncIterable<Buffer>)
  const bytes = Readable.from(TABLE_FORMATS.parquet.write(table, run, albums))
  await pipeline(bytes, createWriteStream(aside, { flags: 'wx', mode: 0o600, flush: true }))
}

/** Gives each file its name, or none of them: false where one of the names has another content. */
async function takeNames (files: Array<WrittenTable & { target: string }>): Promise<boolean> {
  const taken: string[] = []
  const removeTaken = async (): Promise<void> => { for (const target of taken) await rm(target, { force: true }) }
  try {
    for (const { aside, target, sha256 } of files) {
      if (await takesName(aside, target)) taken.push(target)
      else if (await hashOf(target) !== sha256) {
        await removeTaken()
        return false
      }
    }
    return true
  } catch (error) {
    await removeTaken()
    throw error
  }
}

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Live answers of Spotify, recorded; they are not part of the repository. */
const FOLDER = resolve('../shared/spotify/recorded')

export const RECORDED = existsSync(FOLDER) ? readdirSync(FOLDER).sort() : []

/** For `t.test`: skipped with the reason where the recordings are absent, and never in CI. */
export const WITH_RECORDED =
  existsSync(FOLDER) || process.env['CI'] !== undefined ? {} : { skip: `no recorded answers in ${FOLDER}` }

export function recorded (name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

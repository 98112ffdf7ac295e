import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Log } from '../log.ts'
import { writeFileAtomic } from './atomic-write.ts'

/** A small state that outlives the process, a file of each kind per Spotify app. */
export interface StateStore<State> {
  load: () => Promise<State | null>
  save: (state: State) => Promise<void>
}

/**
 * What Spotify's Web API (`spotify`) or its token endpoint (`token`) has told us, and what an app may do there
 * (`capabilities`), in `DATA_DIR/state`. `account` tells apps apart; only its hash is in the name. A file that cannot be read counts as none, and is replaced at the next save.
 */
export async function createPacerStore<State> (dataDir: string, account: string, log: Log, kind: 'spotify' | 'token' | 'capabilities' = 'spotify'): Promise<StateStore<State>> {
  const name = createHash('sha256').update(account).digest('hex').slice(0, 16)
  const path = join(dataDir, 'state', `${kind}-${name}.json`)
  await mkdir(dirname(path), { recursive: true })
  return {
    async load () {
      try {
        return JSON.parse(await readFile(path, 'utf8')) as State
      } catch (error) {
        const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
        if (!isMissing) log.error({ err: error, path }, 'stored state of Spotify cannot be read: continuing without it')
        return null
      }
    },
    async save (state) {
      await writeFileAtomic(path, JSON.stringify(state))
    },
  }
}

import { isOrdinary } from './oddities.ts'
import { between, createRandom, mix, pick, type Random } from './random.ts'

/** A change of an album on some day. An album changes at most once. */
export type Change =
  /** It has more tracks, at its end. */
  | { readonly kind: 'grown', readonly tracks: number }
  | { readonly kind: 'renamed', readonly suffix: string }
  /** One of its tracks is renamed: the one at the fraction `place`, in [0, 1), of its tracks. */
  | { readonly kind: 'retitled', readonly place: number, readonly suffix: string }
  /** It is no longer listed, but still answered by its id. */
  | { readonly kind: 'delisted' }

export interface Changes {
  /** Draws the changes of a day among the albums that were listed the day before. */
  readonly apply: (day: number, listed: readonly number[]) => void
  readonly of: (number: number) => Change | undefined
  readonly isListed: (number: number) => boolean
}

const CHANGE_STREAM = 8
/** Each block of the listing has changes of its own, so that also a reader of the first 100 albums sees some. */
const BLOCK = 100
/** One album in this many has a change of each kind on each day. */
const ALBUMS_PER_CHANGE = 50
/** Albums beyond the last one that search shows never change. */
const MAX_CHANGING = 1000

const KINDS: ReadonlyArray<Change['kind']> = ['grown', 'renamed', 'retitled', 'delisted']
/** Suffixes that no name has on day 0 (names.ts). */
const ALBUM_SUFFIXES = [' (Expanded Edition)', ' (Bonus Track Version)', ' - EP', ' (Anniversary Edition)'] as const
const TRACK_SUFFIXES = [' - Radio Edit', ' - Single Version', ' (Acoustic)', ' - Extended Mix'] as const

export function createChanges (seed: number): Changes {
  const changes = new Map<number, Change>()

  function changeBlock (random: Random, block: readonly number[]): void {
    const free = shuffle(random, block.filter((number) => !changes.has(number)))
    for (const kind of KINDS) {
      for (let left = Math.ceil(block.length / ALBUMS_PER_CHANGE); left > 0; left--) {
        const chosen = free.findIndex((number) => canChange(kind, number))
        if (chosen < 0) break
        for (const number of free.splice(chosen, 1)) changes.set(number, drawChange(random, kind))
      }
    }
  }

  return {
    apply (day, listed) {
      for (let start = 0; start < Math.min(MAX_CHANGING, listed.length); start += BLOCK) {
        changeBlock(createRandom(mix(seed, CHANGE_STREAM, day, start)), listed.slice(start, start + BLOCK))
      }
    },
    of: (number) => changes.get(number),
    isListed: (number) => changes.get(number)?.kind !== 'delisted',
  }
}

/** Unusual albums keep their names and stay listed, because tests and rehearsals look for them. */
function canChange (kind: Change['kind'], number: number): boolean {
  return kind === 'grown' || isOrdinary(number)
}

function drawChange (random: Random, kind: Change['kind']): Change {
  switch (kind) {
    case 'grown': return { kind, tracks: between(random, 1, 4) }
    case 'renamed': return { kind, suffix: pick(random, ALBUM_SUFFIXES) }
    case 'retitled': return { kind, place: random(), suffix: pick(random, TRACK_SUFFIXES) }
    case 'delisted': return { kind }
  }
}

function shuffle (random: Random, numbers: readonly number[]): number[] {
  return numbers
    .map((number) => ({ number, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ number }) => number)
}

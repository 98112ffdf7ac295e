import type { Calendar } from './calendar.ts'
import type { Change } from './changes.ts'
import { createId } from './ids.ts'
import { albumName } from './names.ts'
import type { AlbumType } from './objects.ts'
import { type Oddity, oddityOf } from './oddities.ts'
import { between, createRandom, mix, type Random } from './random.ts'

/** The facts of an album that its listing and its tracks have in common. */
export interface Outline {
  readonly index: number
  readonly id: string
  readonly type: AlbumType
  /** Number of tracks on each disc. */
  readonly discs: readonly number[]
  readonly name: string
  readonly releaseDate: string
  /** The year of release, also for the release date `0000`. */
  readonly year: number
  readonly artists: readonly [number, ...number[]]
  readonly reach: 'everywhere' | 'few' | 'nowhere'
  readonly oddity: Oddity
  /** The renamed track, by its position counted from 0, and the suffix of its name. */
  readonly retitled: { readonly position: number, readonly suffix: string } | null
}

/** The numbers of the two artists that are not drawn like the others. */
export const VARIOUS_ARTISTS = 0
export const PROLIFIC_ARTIST = 1

const OUTLINE_STREAM = 1
/** The default date of day 0. */
export const DAY_ZERO = '2026-11-20'
const DAY_MS = 86_400_000
const DATE_LENGTHS = { day: 10, month: 7, year: 4 } as const

/** Returns a function from an album's number to its outline. `dayZero` is the date of day 0. */
export function createOutlines (
  seed: number, calendar: Calendar, artistCount: number, dayZero = DAY_ZERO
): (index: number) => Outline {
  const dayZeroMs = Date.parse(dayZero)
  return (index) => {
    const random = createRandom(mix(seed, OUTLINE_STREAM, index))
    const oddity = oddityOf(index)
    const change = calendar.change(index)
    const form = ordinaryForm(random)
    const discs = oddity.discs ?? form.discs
    const type = oddity.compilation ? 'compilation' : oddity.discs ? typeBySize(discs) : form.type
    const name = albumName(random)
    const reach = random() < 0.1 ? 'few' : 'everywhere'
    const date = new Date(dayZeroMs + calendar.releaseDay(index) * DAY_MS).toISOString().slice(0, 10)
    return {
      index,
      id: createId(seed, 'album', index),
      type,
      discs: grown(discs, change),
      name: oddity.name ?? (change?.kind === 'renamed' ? name + change.suffix : name),
      releaseDate: oddity.releaseDate ?? date.slice(0, DATE_LENGTHS[oddity.precision ?? 'day']),
      year: Number(date.slice(0, 4)),
      artists: type === 'compilation' ? [VARIOUS_ARTISTS] : artistsOf(random, artistCount),
      reach: oddity.relinked ? 'nowhere' : reach,
      oddity,
      retitled: retitledTrack(discs, change),
    }
  }
}

export function trackCount ({ discs }: Pick<Outline, 'discs'>): number {
  return discs.reduce((sum, tracks) => sum + tracks, 0)
}

/** Returns disc and track number of a position counted from 0: track numbers restart on every disc. */
export function placeOf (outline: Outline, position: number): { disc: number, number: number } {
  let number = position + 1
  let disc = 1
  for (const tracks of outline.discs) {
    if (number <= tracks) break
    number -= tracks
    disc += 1
  }
  return { disc, number }
}

/** Draws type and size. New releases are mostly singles; Spotify calls an EP a single too. */
function ordinaryForm (random: Random): { type: AlbumType, discs: readonly number[] } {
  const draw = random()
  if (draw < 0.45) return { type: 'single', discs: [between(random, 1, 2)] }
  if (draw < 0.65) return { type: 'single', discs: [between(random, 4, 6)] }
  if (draw < 0.96) return { type: 'album', discs: [between(random, 8, 14)] }
  return { type: 'compilation', discs: [between(random, 12, 20)] }
}

function typeBySize (discs: readonly number[]): AlbumType {
  return discs.length === 1 && (discs[0] ?? 0) < 7 ? 'single' : 'album'
}

function artistsOf (random: Random, artistCount: number): [number, ...number[]] {
  const main = random() < 0.2 ? PROLIFIC_ARTIST : between(random, 2, artistCount - 1)
  const guest = between(random, 2, artistCount - 1)
  return random() < 0.2 && guest !== main ? [main, guest] : [main]
}

/** Adds the new tracks to the last disc: the others keep their places and ids. */
function grown (discs: readonly number[], change: Change | undefined): readonly number[] {
  return change?.kind === 'grown' ? [...discs.slice(0, -1), (discs.at(-1) ?? 0) + change.tracks] : discs
}

function retitledTrack (discs: readonly number[], change: Change | undefined): Outline['retitled'] {
  if (change?.kind !== 'retitled') return null
  return { position: Math.floor(change.place * trackCount({ discs })), suffix: change.suffix }
}

import type { Fields } from './fields.ts'

/** The kind of app that Spotify answered, as the albums of a document show it. */
export type AlbumTier = 'extended' | 'development'

/** Fields of albums that the development tier lacks. Source: Spotify's migration guide of February 2026. */
const EXTENDED_FIELDS = ['label', 'popularity', 'available_markets']

/** Tells the tier of a document by its albums: a cached album may be of another tier than the rest. */
export interface TierCount {
  add: (album: Fields) => void
  /** `extended` where at least half of the albums have a field that only this tier sends; null without albums. */
  tier: () => AlbumTier | null
}

export function createTierCount (): TierCount {
  let albums = 0
  let extended = 0
  return {
    add (album) {
      albums++
      if (EXTENDED_FIELDS.some((field) => Object.hasOwn(album, field))) extended++
    },
    tier: () => albums === 0 ? null : extended * 2 >= albums ? 'extended' : 'development',
  }
}

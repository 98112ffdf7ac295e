import { type CheckDefinition, NONE, define, upTo } from './check-definition.ts'
import { DAY_MS } from './dates.ts'

const isMissing = define('completeness', 'warning')
const isLost = define('completeness', 'error')
const isRepeated = define('uniqueness', 'warning')
const isInvalid = define('validity', 'warning')
const disagrees = define('consistency', 'warning')
const contradicts = define('consistency', 'error')
const isOld = define('freshness', 'warning')
const hasVolume = define('volume', 'warning')
const hasDrifted = define('drift', 'warning')
const isImplausible = define('plausibility', 'error')

/** The range of a column, in the words of its rule. */
const between = (min: number, max: number) => ({ range: [min, max] as const })
const ID = /^[A-Za-z0-9]{22}$/
const EXTENDED = { tier: 'extended' } as const

/** A `tag:new` search is about this many days. Source: Spotify's reference of search. */
const NEW_DAYS = 14
const LONGEST_TEXT = 1000

/**
 * Fewer albums than these are compared with earlier runs only where the request names them: else chance alone changes
 * their tracks and shares more than any fault.
 */
export const COMPARABLE_ALBUMS = 20

/**
 * Every check with its threshold and the reason for it: the one place where these stand. Tables and columns are those
 * of the document's tables. A check that tolerates some rows does so because Spotify is known to send such rows.
 */
export const CHECKS = {
  // completeness
  'albums.name.present': isMissing('albums.name', 'is there and not empty', upTo(0.05, 1),
    'Spotify empties the name of an album after a takedown'),
  'albums.album_type.present': isMissing('albums.album_type', 'is there', upTo(0.05, 1), 'has been seen as null'),
  'albums.release_date_text.present': isMissing('albums.release_date_text', 'is there', upTo(0.02, 1),
    'has been seen as null; without it an album has no place in time'),
  'albums.total_tracks.present': isMissing('albums.total_tracks', 'is there', NONE,
    'a loss of tracks shows only beside it'),
  'albums.url.present': isMissing('albums.url', 'is there', NONE, "Spotify's terms want a link beside what is shown"),
  'albums.image_url.present': isMissing('albums.image_url', 'is there', upTo(0.1, 2),
    'some albums have no cover, or not yet'),
  'albums.label.present': isMissing('albums.label', 'is there', upTo(0.1), 'some releases name no label', EXTENDED),
  'albums.upc.present': isMissing('albums.upc', 'is there', upTo(0.1), 'some releases have another code than a UPC'),
  'albums.popularity.present': isMissing('albums.popularity', 'is there', upTo(0.1),
    'is computed some time after the release', EXTENDED),
  'albums.artists.some': isLost('album_artists.artist_id', 'each album names an artist', upTo(0.01),
    'an album without artists is lost in every join'),
  'albums.tracks_present.some': isMissing('albums.tracks_present', 'is at least 1', NONE,
    'an album whose tracks were not fetched looks like one that has none'),
  'albums.gaps.none': isMissing('albums', 'has no gap in the run', NONE, 'whatever is missing must be seen'),
  'albums.gaps.few': isLost('albums', 'has no gap in the run', upTo(0.05, 1),
    'above that the document says little of what was listed'),
  'tracks.track_id.present': isLost('tracks.track_id', 'is there', upTo(0.01), 'local and withdrawn tracks have none'),
  'tracks.name.present': isMissing('tracks.name', 'is there and not empty', upTo(0.01, 1),
    'is emptied after a takedown'),
  'tracks.duration_ms.present': isLost('tracks.duration_ms', 'is there', upTo(0.01),
    'the length of an album is the sum of it'),
  'tracks.disc_number.present': isLost('tracks.disc_number', 'is there', upTo(0.01),
    'a track has its place by disc and number'),
  'tracks.track_number.present': isLost('tracks.track_number', 'is there', upTo(0.01),
    'a track has its place by disc and number'),
  'tracks.explicit.present': isMissing('tracks.explicit', 'is there', upTo(0.01), 'is sent with every track'),
  'tracks.url.present': isMissing('tracks.url', 'is there', upTo(0.01), 'local tracks have none'),
  'tracks.artists.some': isLost('track_artists.artist_id', 'each track names an artist', upTo(0.01),
    'a track without artists is lost in every join'),
  'album_artists.artist_id.present': isMissing('album_artists.artist_id', 'is there', upTo(0.01),
    'local artists have none'),
  'track_artists.artist_id.present': isMissing('track_artists.artist_id', 'is there', upTo(0.01),
    'local artists have none'),
  'artists.name.present': isMissing('artists.name', 'is there and not empty', upTo(0.01, 1), 'has been seen as null'),

  // uniqueness
  'albums.album_id.unique': define('uniqueness', 'error')('albums.album_id', 'is unique', NONE,
    'it is the key of its table'),
  'albums.release.unique': isRepeated('albums.upc',
    'no release is there under two ids (same UPC; without one, same name, artists, date and durations)', NONE,
    'Spotify has some releases twice, and counting them twice is wrong'),
  'tracks.place.unique': isRepeated('tracks.track_number', 'no two tracks of an album have the same disc and number',
    NONE, 'a track has its place by disc and number'),
  'tracks.track_id.unique': isRepeated('tracks.track_id', 'no two tracks of an album have the same id', NONE,
    'a page that was read twice looks like this'),

  // validity
  'albums.types': isInvalid('albums', 'has values of the types of its columns', NONE,
    'an odd value is null in the typed table'),
  'tracks.types': isInvalid('tracks', 'has values of the types of its columns', NONE,
    'an odd value is null in the typed table'),
  'artists.types': isInvalid('artists', 'has values of the types of its columns', NONE,
    'an odd value is null in the typed table'),
  'albums.album_id.format': define('validity', 'error')('albums.album_id', 'has 22 letters and digits', NONE,
    'nothing else can be asked for again', { pattern: ID }),
  'albums.name.text': isInvalid('albums.name', `is Unicode of at most ${LONGEST_TEXT} characters`, NONE,
    'half a character cannot be stored as UTF-8', { limit: LONGEST_TEXT }),
  'albums.album_type.values': isInvalid('albums.album_type', 'is one of the known types', NONE,
    "Spotify's reference names no other", { values: ['album', 'single', 'compilation'] }),
  'albums.release_date_text.format': isInvalid('albums.release_date_text',
    'is a date, a month or a year of the calendar', upTo(0.05, 1), '"0000" is sent for an unknown date'),
  'albums.release_date.range': isInvalid('albums.release_date', 'is from 1860 until the day after the run',
    upTo(0.02, 1),
    'the first recording is of 1860; it is tomorrow already in the east'),
  'albums.release_date_precision.values': isInvalid('albums.release_date_precision', 'is one of the known precisions',
    NONE, "Spotify's reference names no other", { values: ['day', 'month', 'year'] }),
  'albums.total_tracks.range': isInvalid('albums.total_tracks', 'is from 1 to 10000', NONE,
    'no album that people listen to has more', between(1, 10_000)),
  'albums.popularity.range': isInvalid('albums.popularity', 'is from 0 to 100', NONE, "Spotify's reference",
    between(0, 100)),
  'albums.upc.format': isInvalid('albums.upc', 'has 8 to 14 digits', upTo(0.01), 'labels enter it',
    { pattern: /^\d{8,14}$/ }),
  'albums.url.format': isInvalid('albums.url', 'is a link to open.spotify.com', NONE,
    'any other link is not Spotify\'s', { pattern: /^https:\/\/open\.spotify\.com\/album\/./ }),
  'albums.image_url.format': isInvalid('albums.image_url', 'is an http(s) URL', NONE, 'it is shown on pages',
    { pattern: /^https?:\/\/[^\s"'<>]+$/ }),
  'tracks.track_id.format': isInvalid('tracks.track_id', 'has 22 letters and digits', NONE,
    'nothing else can be asked for again', { pattern: ID }),
  'tracks.name.text': isInvalid('tracks.name', `is Unicode of at most ${LONGEST_TEXT} characters`, NONE,
    'half a character cannot be stored as UTF-8', { limit: LONGEST_TEXT }),
  'tracks.duration_ms.range': isInvalid('tracks.duration_ms', 'is from 1 to 86400000', upTo(0.01),
    'a track that cannot be played has 0; none is longer than a day', between(1, DAY_MS)),
  'tracks.disc_number.range': isInvalid('tracks.disc_number', 'is from 1 to 500', NONE,
    'the largest boxes have about 200 discs', between(1, 500)),
  'tracks.track_number.range': isInvalid('tracks.track_number', 'is from 1 to 10000', NONE,
    'no album that people listen to has more', between(1, 10_000)),
  'tracks.isrc.format': isInvalid('tracks.isrc', 'is an ISRC (ISO 3901)', upTo(0.01), 'labels enter it',
    { pattern: /^[A-Z]{2}[A-Z0-9]{3}\d{7}$/ }),
  'tracks.popularity.range': isInvalid('tracks.popularity', 'is from 0 to 100', NONE, "Spotify's reference",
    between(0, 100)),
  'tracks.url.format': isInvalid('tracks.url', 'is a link to open.spotify.com', NONE,
    'any other link is not Spotify\'s', { pattern: /^https:\/\/open\.spotify\.com\/track\/./ }),
  'artists.artist_id.format': isInvalid('artists.artist_id', 'has 22 letters and digits', NONE,
    'nothing else can be asked for again', { pattern: ID }),
  'artists.name.text': isInvalid('artists.name', `is Unicode of at most ${LONGEST_TEXT} characters`, NONE,
    'half a character cannot be stored as UTF-8', { limit: LONGEST_TEXT }),

  // consistency
  'albums.total_tracks.covered': contradicts('albums.total_tracks',
    'is not more than the tracks that are there, unless a gap says so', NONE,
    'it would be a loss that nobody is told of'),
  'albums.total_tracks.exceeded': disagrees('albums.total_tracks', 'is not less than the tracks that are there', NONE,
    'one of the two is wrong'),
  'albums.release_date_precision.agrees': disagrees('albums.release_date_precision', 'is that of release_date_text',
    NONE, 'a reader trusts one of them'),
  'albums.uri.agrees': disagrees('albums.uri', 'names album_id', NONE, 'a reader takes either for the key'),
  'tracks.uri.agrees': disagrees('tracks.uri', 'names track_id', NONE, 'a reader takes either for the key'),
  'tracks.track_number.whole': disagrees('tracks.track_number',
    'counts from 1 without a hole on each disc, and discs do so as well', upTo(0.02),
    'labels leave numbers out; a lost page of tracks looks the same'),
  'tracks.position.ordered': disagrees('tracks.position', 'follows disc and number', upTo(0.02),
    'Spotify sends tracks in that order'),
  'artists.name.one': disagrees('artists.name', 'is the same wherever the artist is named', upTo(0.01),
    'an artist was renamed between two answers'),
  'albums.rows.total': contradicts('albums', 'has as many rows as the run says', NONE,
    'the document and its run are written together'),
  'tracks.rows.total': contradicts('tracks', 'has as many rows as the run says', NONE,
    'the document and its run are written together'),

  // freshness
  'albums.release_date.newest': isOld('albums.release_date',
    `the newest is at most ${NEW_DAYS} days old (new-releases, tag:new)`, NONE,
    'tag:new is about two weeks; new-releases has been stale for weeks', { limit: NEW_DAYS }),
  'albums.release_date.recent': isOld('albums.release_date', `is at most ${2 * NEW_DAYS} days old (tag:new)`,
    upTo(0.2, 2),
    'tag:new is about two weeks, and some albums carry the date of an earlier release', { limit: 2 * NEW_DAYS }),

  // volume and drift
  'albums.rows.volume': hasVolume('albums', 'has not 40 % more or fewer rows than earlier runs', NONE,
    'the request is the same', { limit: 0.4 }),
  'tracks.rows.volume': hasVolume('tracks', 'has not 40 % more or fewer rows than earlier runs', NONE,
    'the request is the same; albums have from one to hundreds of tracks, so that below 130 of them more is allowed',
    { limit: 0.4 }),
  'albums.fields.missing': hasDrifted('albums', 'has every field that most rows of earlier runs had', NONE,
    'Spotify has removed fields before'),
  'albums.fields.new': hasDrifted('albums', 'has no field on most rows that earlier runs did not have', NONE,
    'a mapping of fields has to be extended'),
  'albums.nulls.drift': hasDrifted('albums', 'has no column whose share of nulls is 20 points away from earlier runs',
    NONE, 'smaller changes are chance', { limit: 0.2 }),
  'tracks.fields.missing': hasDrifted('tracks', 'has every field that most rows of earlier runs had', NONE,
    'Spotify has removed fields before'),
  'tracks.fields.new': hasDrifted('tracks', 'has no field on most rows that earlier runs did not have', NONE,
    'a mapping of fields has to be extended'),
  'tracks.nulls.drift': hasDrifted('tracks', 'has no column whose share of nulls is 20 points away from earlier runs',
    NONE, 'smaller changes are chance', { limit: 0.2 }),
  'artists.fields.missing': hasDrifted('artists', 'has every field that most rows of earlier runs had', NONE,
    'Spotify has removed fields before'),
  'artists.fields.new': hasDrifted('artists', 'has no field on most rows that earlier runs did not have', NONE,
    'a mapping of fields has to be extended'),
  'artists.nulls.drift': hasDrifted('artists',
    'has no column whose share of nulls is 20 points away from earlier runs', NONE, 'smaller changes are chance',
    { limit: 0.2 }),

  // plausibility
  'albums.tracks_present.plausible': isImplausible('albums.tracks_present',
    'is at least 1 on at least half of 2 or more albums', upTo(0.5),
    'an ingestion that stores errors as empty lists looks like this', { limit: 2 }),
  'albums.name.varied': isImplausible('albums.name', 'is not the same on all of 20 or more albums', NONE,
    'no listing is like this', { limit: 20 }),
  'albums.release_date.varied': define('plausibility', 'warning')('albums.release_date',
    'is not the same on all of 50 or more albums', NONE,
    'a default date looks like this; twenty may well be of one Friday', { limit: 50 }),
  'tracks.duration_ms.varied': isImplausible('tracks.duration_ms', 'is not the same on all of 20 or more tracks', NONE,
    'no music is like this', { limit: 20 }),
} as const satisfies Record<string, CheckDefinition>

export type CheckId = keyof typeof CHECKS

export const CHECK_IDS = Object.keys(CHECKS) as CheckId[]

/** The definition of a check, with all that any of them may have. */
export function definitionOf (id: CheckId): CheckDefinition {
  return CHECKS[id]
}

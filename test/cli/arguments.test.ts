import t from 'tap'
import { USAGE, inOptions, readArguments } from '../../src/cli/arguments.ts'
import { ServiceError } from '../../src/errors.ts'
import { INGEST_FIELDS, IngestBody } from '../../src/schemas/ingest-body.ts'
import { completeRequest } from '../../src/services/runs/request.ts'

const ID = 'a'.repeat(22)

/** For each field of the body: its option, and what comes of it. */
const EXAMPLES: Record<keyof IngestBody, { args: string[], value: unknown }> = {
  source: { args: ['--source', 'search'], value: 'search' },
  limit: { args: ['--limit', '7'], value: 7 },
  pagination: { args: ['--pagination', 'offset'], value: 'offset' },
  market: { args: ['--market', 'DE'], value: 'DE' },
  query: { args: ['--query', 'year:2026'], value: 'year:2026' },
  artistIds: { args: ['--artist-ids', `${ID}, spotify:artist:${ID}`], value: [ID, `spotify:artist:${ID}`] },
  albumIds: { args: ['--album-ids', ID, `--album-ids=${ID},${ID}`], value: [ID, ID, ID] },
  refresh: { args: ['--refresh'], value: true },
}

t.test('each field of the body of POST /ingest has its option, which the help shows', async (t) => {
  t.strictSame(Object.keys(EXAMPLES), Object.keys(IngestBody.properties))
  for (const [field, { args, value }] of Object.entries(EXAMPLES)) {
    t.strictSame(readArguments(args).body, { [field]: value })
    t.match(
      USAGE,
      new RegExp(`^  ${args[0]} .*${INGEST_FIELDS[field as keyof IngestBody].help.replace(/[()]/g, '.')}$`, 'm')
    )
  }
})

t.test('the options that are no fields', async (t) => {
  t.strictSame(readArguments([]), { body: {}, out: undefined, tables: false, waitForPause: false, help: false })
  t.strictSame(readArguments(['--out', 'd', '--tables', '--wait-for-pause']), {
    body: {},
    out: 'd',
    tables: true,
    waitForPause: true,
    help: false,
  })
  t.equal(readArguments(['--limit', 'wrong', '-h']).help, true, 'who asks for help gets it, whatever else is wrong')
  for (const option of ['--out', '--tables', '--wait-for-pause', '--help']) t.ok(USAGE.includes(`  ${option}`))
})

const REFUSED: Array<[args: string[], sentence: RegExp]> = [
  [['--limit', 'many'], /^--limit cannot be "many": it must be integer/],
  [['--limit', '0'], /^--limit cannot be 0: it must be >= 1/],
  [['--limit=-3'], /^--limit cannot be -3: it must be >= 1/],
  [['--limit'], /^Option '--limit <value>' argument missing/],
  [['--limit', '--refresh'], /^Option '--limit' argument is ambiguous.*--limit=-XYZ/],
  [['--refresh=yes'], /^Option '--refresh' does not take an argument/],
  [['--source', 'radio'], /^--source cannot be "radio": it must be one of auto, new-releases/],
  [['--market', 'germany'], /^--market cannot be "germany": it must be ISO 3166-1 alpha-2/],
  [['--query', ''], /^--query cannot be "": it must NOT have fewer than 1 characters/],
  [
    ['--album-ids', `${ID},`],
    /^--album-ids cannot be "": it must be a Spotify id, URI or open.spotify.com link of an album/,
  ],
  [['--speed', '9'], /^Unknown option '--speed'/],
  [['extra'], /^Unexpected argument 'extra'/],
]

t.test('a wrong option is refused in one sentence that names it', async (t) => {
  for (const [args, sentence] of REFUSED) {
    t.throws(() => readArguments(args), { code: 'invalid_request', message: sentence })
    t.throws(() => readArguments(args), { message: /^[^\n]* \(--help shows the options\)$/ })
  }
})

t.test('an option that npm took for its own is refused, since the run would be another one', async (t) => {
  t.throws(() => readArguments([], { npm_config_refresh: 'true' }), {
    message: /^npm has taken --refresh .*npm run -s ingest -- --refresh$/,
  })
  t.throws(() => readArguments(['5'], { npm_config_album_ids: 'true' }), { message: /--album-ids/ })
  t.doesNotThrow(() => readArguments([], { npm_config_cache: '/c', npm_config_help: '' }))
})

const IN_OPTIONS: Array<[body: IngestBody, sentence: string]> = [
  [{ source: 'albums' }, '--source "albums" needs --album-ids'],
  [
    { artistIds: [ID] },
    '--artist-ids is only for --source "artists", and --source is "auto": leave it out or change --source',
  ],
  [
    { source: 'albums', albumIds: [ID], limit: 2 },
    '--limit does not go with --source "albums", which means exactly the albums in --album-ids: leave --limit out',
  ],
  [{ limit: 1001 }, '1001 albums are more than MAX_ALBUMS_PER_RUN allows (1000): ask for fewer, or raise it'],
]

t.test('what the service says of a request is said in terms of options', async (t) => {
  for (const [body, sentence] of IN_OPTIONS) {
    let refusal: unknown
    try {
      completeRequest(body, 1000)
    } catch (error) {
      refusal = error
    }
    t.equal((inOptions(refusal) as Error).message, sentence)
  }
  const other = new ServiceError('queue_full', 'limit')
  t.equal(inOptions(other), other)
})

import type { SandboxSettings } from '../../src/sandbox/settings/settings.ts'

/** One condition under which every contender does the job. */
export interface Scenario {
  /** The short name in the table. */
  readonly name: string
  /** What the sandbox does, for the page. */
  readonly about: string
  readonly settings: Partial<SandboxSettings>
}

const ALBUMS = 120
/** An app with extended quota: its listing is the one that both the SDK and the course use. */
const BASE: Partial<SandboxSettings> = { tier: 'extended', seed: 1, albums: ALBUMS }

/** Every scenario, in the order of the table. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'no fault', about: 'an app with extended quota, and nothing goes wrong', settings: BASE },
  {
    name: 'expired token',
    about: 'the tenth call is answered with 401, as for a token that has expired',
    settings: { ...BASE, faults: [{ kind: 'unauthorized', skip: 9, times: 1 }] },
  },
  {
    name: '429',
    about: 'the sixth call is answered with 429 and `Retry-After: 1`',
    settings: { ...BASE, faults: [{ kind: 'rate-limit', retryAfter: '1', skip: 5, times: 1 }] },
  },
  {
    name: '403 of the tier',
    about: 'an app in development mode, which every new app is: new-releases and the batch of albums are 403',
    settings: { ...BASE, tier: 'development' },
  },
  {
    name: 'album over 50 tracks',
    about: 'the first call for tracks beyond the first 50 of an album is answered with 502',
    settings: { ...BASE, faults: [{ kind: 'server-error-json', endpoint: 'albumTracks', times: 1 }] },
  },
  {
    name: 'broken item',
    about: 'one album of the first page of the listing has no id, and values of the wrong types',
    settings: { ...BASE, faults: [{ kind: 'broken-item', endpoint: 'newReleases', times: 1 }] },
  },
]

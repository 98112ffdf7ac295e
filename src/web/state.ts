import type { Run, RunStatus } from '../schemas/run.ts'
import { amountText, countText, timeText } from './text.ts'

/** What a state means for a person: what happened, and what to do next. */
export interface StateText {
  title: string
  happened: string
  next: string
}

/** The sign beside each status, so that colour is never the only difference. */
export const STATUS_SIGNS: Record<RunStatus, string> = {
  queued: '◷', running: '▶', paused: '❚❚', succeeded: '✓', partial: '◐', failed: '✕', canceled: '■',
}

/** Says in plain words how a run stands. */
export function stateOf (run: Run): StateText {
  switch (run.status) {
    case 'queued': return queued(run)
    case 'running': return {
      title: 'Running',
      happened: 'Albums are listed and fetched from Spotify.',
      next: 'Nothing to do. The run goes on when you close this page.',
    }
    case 'paused': return paused(run)
    case 'succeeded': return succeeded(run)
    case 'partial': return isCapped(run) ? capped(run) : partial(run)
    case 'failed': return failed(run)
    case 'canceled': return {
      title: 'Canceled',
      happened: `It was ended with what it had: ${fetchedText(run)}.`,
      next: 'Resume it to fetch what is missing, or run it again from the beginning.',
    }
  }
}

function fetchedText ({ progress: { albumsFetched, albumsListed } }: Run): string {
  return `${amountText(albumsFetched, 'album')} of ${countText(albumsListed)} listed`
}

/** Whether Spotify's search showed no more results than it ever does. */
export function isCapped ({ listing, gaps }: Pick<Run, 'listing' | 'gaps'>): boolean {
  return listing?.cappedAt != null || gaps.some(({ code }) => code === 'listing_capped')
}

function queued ({ waiting }: Run): StateText {
  const place = waiting?.for === 'queue' ? ` (${waiting.detail})` : ''
  return {
    title: 'Queued',
    happened: `It is stored and waits for its turn${place}.`,
    next: 'Nothing to do. It starts by itself; RUN_CONCURRENCY says how many run at a time.',
  }
}

function paused ({ error, resumeAt }: Run): StateText {
  const until = resumeAt === null ? 'by itself as soon as that is possible' : `by itself at ${timeText(resumeAt)}`
  return {
    title: 'Paused',
    happened: error?.detail ?? 'No call may be made to Spotify for now.',
    next: `Nothing to do. It goes on ${until}, and fetches nothing twice. Cancel it to keep what it has.`,
  }
}

function succeeded ({ progress, listing }: Run): StateText {
  const what = `${amountText(progress.albumsFetched, 'album')} with ${amountText(progress.tracks, 'track')}`
  const all = listing?.exhausted === true ? ' Spotify has no more than these.' : ''
  return {
    title: 'Succeeded',
    happened: `${what}: every album that was listed is there with every track.${all}`,
    next: 'Download the document or its tables below.',
  }
}

function capped ({ listing, gaps, progress }: Run): StateText {
  const others = gaps.filter(({ code }) => code !== 'listing_capped').length
  const most = amountText(listing?.cappedAt ?? progress.albumsListed, 'result')
  const besides = others === 0 ? '' : ` Besides that there are ${amountText(others, 'gap')}.`
  return {
    title: 'Partial: Spotify’s search shows no more',
    happened: `Spotify’s search shows at most ${most}, and more match.${besides}`,
    next: 'Ask in smaller portions: by year (year:2026), by market, or by genre. Resuming does not show more.',
  }
}

function partial (run: Run): StateText {
  return {
    title: 'Partial',
    happened: `${fetchedText(run)}, with ${amountText(run.gaps.length, 'gap')}: each is named below.`,
    next: 'Resume it: only what is missing is fetched. What Spotify does not give at all stays a gap.',
  }
}

/** What helps, by the code of the failure. */
const ADVICE: Record<string, string> = {
  invalid_client:
    'Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET to those of your app, restart the service, then resume.',
  premium_required: 'The owner of the app needs Spotify Premium. Resume when that is so.',
  endpoint_unavailable: 'Choose another source (search works for every app), or ask for access.',
  quota_exceeded: 'Wait until Spotify gives calls again, then resume.',
  rate_limited: 'Wait a few minutes, then resume. A lower SPOTIFY_CALLS_PER_30S keeps below the limit.',
  upstream_unavailable: 'Spotify did not answer. Resume in a few minutes.',
  upstream_invalid: 'Spotify answered with something else than it documents. Resume later.',
  listing_empty: 'Nothing matches. Change the query, the market or the ids, and start a new run.',
  nothing_fetched: 'Albums were listed and none could be fetched. Resume in a few minutes.',
  storage_failed: 'Make room or repair what the detail names, then resume.',
}

function failed ({ error }: Run): StateText {
  return {
    title: 'Failed',
    happened: error === null ? 'It ended without a document.' : error.detail,
    next: ADVICE[error?.code ?? ''] ?? 'Resume it. If it fails again, the log of the service has more.',
  }
}

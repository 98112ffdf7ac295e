import { sandboxEnvironment } from '../src/sandbox/environment.ts'

/** What points the service at the sandbox, with no limit but the calls in flight. */
export function environment (origin: string, dataDir: string): Record<string, string> {
  return {
    ...sandboxEnvironment(origin),
    DATA_DIR: dataDir,
    SPOTIFY_CALLS_PER_30S: '1000000',
    SPOTIFY_MAX_CONCURRENCY: '10',
    MAX_ALBUMS_PER_RUN: '100000',
    REQUESTS_PER_MINUTE: '0',
  }
}

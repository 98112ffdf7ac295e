/** What points the service at the sandbox, with no limit but the calls in flight. */
export function environment (origin: string, dataDir: string): Record<string, string> {
  return {
    DATA_DIR: dataDir,
    SPOTIFY_CLIENT_ID: 'sandbox-id',
    SPOTIFY_CLIENT_SECRET: 'sandbox-secret',
    SPOTIFY_API_URL: `${origin}/v1`,
    SPOTIFY_TOKEN_URL: `${origin}/api/token`,
    SPOTIFY_CALLS_PER_30S: '1000000',
    SPOTIFY_MAX_CONCURRENCY: '10',
    MAX_ALBUMS_PER_RUN: '100000',
    REQUESTS_PER_MINUTE: '0',
  }
}

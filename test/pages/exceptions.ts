/** A block of commands or SQL that is not simply run, named by the beginning of one of its lines. */
export interface Exception {
  page: string
  has: string
  /** Why it cannot be run here. Its syntax, its npm scripts and its paths are checked. */
  notRun?: string
  /** The test that runs it. */
  runBy?: string
  /** It does not end: it is stopped when it has printed this. */
  serves?: RegExp
  /** The service is stopped before it. */
  stopsService?: true
  /** It is run once more, for its second output, on a service with these variables. */
  again?: Record<string, string>
}

const DOCKER = 'needs a Docker engine'
const POSTGRESQL = "needs a PostgreSQL with the reader's data"

export const EXCEPTIONS: Exception[] = [
  { page: 'README.md', has: 'npm ci && npm run demo', serves: /curl .*sandbox\/stats/ },
  { page: 'README.md', has: 'curl -s \'http://127.0.0.1:3000/diagnose', again: { SPOTIFY_CLIENT_SECRET: 'another' } },
  { page: 'docs/data.md', has: 'SELECT', runBy: 'test/data-page.test.ts' },
  { page: 'docs/data.md', has: 'CREATE TABLE', runBy: 'test/data-page.test.ts' },
  { page: 'docs/deploy.md', has: 'docker compose up', notRun: DOCKER },
  { page: 'docs/deploy.md', has: 'docker compose --profile replicas', notRun: DOCKER },
  { page: 'docs/operations.md', has: 'docker compose exec', notRun: DOCKER },
  { page: 'docs/operations.md', has: 'rm -rf data/service.db', stopsService: true },
  { page: 'docs/operations.md', has: 'CREATE ROLE', notRun: POSTGRESQL },
  { page: 'docs/operations.md', has: 'pg_dump', notRun: POSTGRESQL },
  { page: 'docs/operations.md', has: 'pg_restore', notRun: POSTGRESQL },
  { page: 'docs/sandbox.md', has: 'npm run -s sandbox -- --tier', serves: /SPOTIFY_CLIENT_SECRET=.*\n/ },
  { page: 'docs/sdk-comparison.md', has: 'npm run compare', runBy: 'test/bench/compare.test.ts' },
  { page: 'docs/what-happens-when.md', has: 'npm run -s sandbox', runBy: 'test/what-happens-commands.ts' },
  { page: 'docs/what-happens-when.md', has: 'rm -rf data/faults', runBy: 'test/what-happens-commands.ts' },
  { page: 'docs/what-happens-when.md', has: 'play () {', runBy: 'test/what-happens-commands.ts' },
]

/** Pages whose outputs stand alone, and what checks them. */
export const OUTPUTS_ALONE: Record<string, string> = {
  'README.md': 'a diagram',
  'docs/architecture.md': 'a diagram',
  'docs/data.md': 'a diagram',
}

/** Finds the exception for a block. */
export function exceptionFor (page: string, code: string): Exception | undefined {
  return EXCEPTIONS.find(
    (exception) => exception.page === page && code.split('\n').some((line) => line.startsWith(exception.has))
  )
}

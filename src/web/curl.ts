import type { IngestBody } from '../schemas/ingest-body.ts'
import type { RunRequest } from '../schemas/run.ts'

/** The body that asks for an equal run. */
export function bodyOf ({ limit, market, ...request }: RunRequest): IngestBody {
  return {
    ...request,
    ...(request.source === 'albums' ? {} : { limit }),
    ...(market === null ? {} : { market }),
  }
}

/** The request as a command for a POSIX shell. */
export function curlOf (origin: string, body: IngestBody, hasKeys: boolean): string {
  return [
    `curl -X POST ${quoted(`${origin}/ingest`)}`,
    ...(hasKeys ? ['-H "Authorization: Bearer $API_KEY"'] : []),
    "-H 'Content-Type: application/json'",
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n  ')
}

function quoted (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

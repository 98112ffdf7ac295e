import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import type { Test } from 'tap'
import type { SandboxApp } from '../../src/sandbox/app.ts'

/** Each would call `executed` where a name becomes markup or script; N is the number of the name. */
const ATTACKS = [
  '<script>executed(N)</script>',
  '<img src=x onerror=executed(N)>',
  '<svg onload=executed(N)>',
  '"><script>executed(N)</script>',
  '" onfocus="executed(N)" autofocus tabindex="0" x="',
  "' onfocus='executed(N)' autofocus tabindex='0' x='",
  '</title><script>executed(N)</script>',
  '</textarea></script></style></pre><script>executed(N)</script>',
  '--><script>executed(N)</script><!--',
  '<iframe srcdoc="<script>parent.executed(N)</script>">',
  '<details open ontoggle=executed(N)>',
  '<style>@import "javascript:executed(N)";</style>',
  '`;executed(N);`',
  '<a href="javascript:executed(N)" id=x>N</a>',
  '<form><button formaction="javascript:executed(N)">N</button></form>',
  '\u202e<script>executed(N)</script>\u0000',
  '&lt;script&gt;executed(N)&lt;/script&gt;',
  '{{constructor.constructor("executed(N)")()}}',
  '<base href="http://evil.invalid/">',
  '<meta http-equiv="refresh" content="0;url=javascript:executed(N)">',
] as const

/** Returns the nth name: another one for each number. */
export function hostileName (n: number): string {
  return (ATTACKS[n % ATTACKS.length] ?? '').replaceAll('N', String(n))
}

/** What stands before a sandbox and names all that it answers in a hostile way. */
export interface HostileNames {
  url: string
  /** How many names it has given. */
  given: () => number
}

/** Listens until the test has ended. */
export async function nameHostile (t: Test, sandbox: SandboxApp): Promise<HostileNames> {
  let given = 0
  const names = new Map<string, string>()
  const nameOf = (id: string): string => {
    const name = names.get(id) ?? hostileName(given++)
    names.set(id, name)
    return name
  }
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { 'accept-encoding': _, ...headers } = request.headers
      const {
        statusCode,
        headers: answered,
        payload,
      } = await sandbox.inject({
        method: request.method as 'GET',
        url: request.url ?? '',
        headers,
        payload: Buffer.concat(chunks),
      })
      const isApi = request.url?.startsWith('/v1') === true && statusCode === 200
      response
        .writeHead(statusCode, { 'content-type': String(answered['content-type']) })
        .end(isApi ? JSON.stringify(renamed(JSON.parse(payload), nameOf)) : payload)
    }
    answer().catch((error: unknown) => { t.fail('the stand-in failed', { error }) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, given: () => given }
}

/** Albums and artists keep their ids, and so each its name; their links lead where a script would begin. */
function renamed (value: unknown, nameOf: (id: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, nameOf))
  if (value === null || typeof value !== 'object') return value
  const fields = Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, renamed(inner, nameOf)]))
  const { id, name } = fields
  if (typeof id !== 'string' || typeof name !== 'string') return fields
  return {
    ...fields,
    name: nameOf(id),
    ...(fields['external_urls'] === undefined ? {} : { external_urls: { spotify: `javascript:executed("${id}")` } }),
  }
}

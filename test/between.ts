import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What is answered in place of the original: a text, or bytes in gzip. */
export type Change = (original: string) => Buffer | string

/**
 * A server between the service and the sandbox. `changeOf` gives how it changes the answers of a path; undefined: not
 * at all.
 */
export async function startBetween (
  t: Test,
  sandboxUrl: string,
  changeOf: (path: string) => Change | undefined
): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const change = changeOf(incoming.url ?? '')
    const { 'accept-encoding': _, ...headers } = incoming.headers
    incoming.pipe(forward(sandboxUrl + (incoming.url ?? ''), { method: incoming.method, headers }, (answer) => {
      if (change === undefined) {
        answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers))
        return
      }
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => {
        const body = change(text)
        outgoing.writeHead(200, typeof body === 'string' ? {} : { 'content-encoding': 'gzip' }).end(body)
      })
    }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The album that a path asks for alone; empty where it asks for something else. */
export function albumOf (path: string): string {
  return /^\/v1\/albums\/(\w+)(?:\?|$)/.exec(path)?.[1] ?? ''
}

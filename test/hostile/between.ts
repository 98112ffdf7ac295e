import { createServer, request as forward } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type Test } from 'tap'

/** What stands between the service and the sandbox: it answers these albums in its own way, each time. */
export async function startBetween (t: Test, sandboxUrl: string, albums: Map<string, (original: string) => Buffer | string>): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const change = albums.get(/^\/v1\/albums\/(\w+)(?:\?|$)/.exec(incoming.url ?? '')?.[1] ?? '')
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

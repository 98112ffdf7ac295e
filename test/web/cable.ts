import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import type { Test } from 'tap'

/** What lies between a browser and a service, and can break. */
export interface Cable {
  url: string
  /** Ends every connection, and takes no other. */
  cut: () => void
  /** Passes nothing on and ends nothing, like a lost network. */
  freeze: () => void
  mend: () => void
  /** Leads to another service from now on. */
  moveTo: (url: string) => void
}

/** Lays a cable to a service on loopback, until the test has ended. */
export async function layCable (t: Test, url: string): Promise<Cable> {
  let to = url
  const sockets = new Set<Socket>()
  let state: 'whole' | 'cut' | 'frozen' = 'whole'
  const server = createServer((client) => {
    if (state === 'cut') {
      client.destroy()
      return
    }
    const upstream = connect(Number(new URL(to).port), new URL(to).hostname)
    client.pipe(upstream).pipe(client)
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(one)
      one.on('error', () => {}).on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      if (state === 'frozen') one.pause()
    }
  })
  const destroyAll = (): void => { for (const socket of sockets) socket.destroy() }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    destroyAll()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut () {
      state = 'cut'
      destroyAll()
    },
    freeze () {
      state = 'frozen'
      for (const socket of sockets) socket.unpipe().pause()
    },
    mend () {
      state = 'whole'
      destroyAll()
    },
    moveTo (url) {
      to = url
      destroyAll()
    },
  }
}

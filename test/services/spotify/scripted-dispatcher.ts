import type { Dispatcher } from 'undici'

export interface Sent {
  method: string
  url: string
  headers: Record<string, string>
  body: string | null
}

/** An answer, an error of the connection, or silence until the caller gives up. */
export type Scripted =
  | { status?: number, headers?: Record<string, string>, body?: unknown }
  | Error
  | 'silence'

export interface ScriptedDispatcher {
  dispatcher: Dispatcher
  sent: Sent[]
}

/** What Spotify would answer, without a connection, so that a hand-moved clock decides what happens when. */
export function createScriptedDispatcher (
  answer: (sent: Sent, place: number) => Scripted | Promise<Scripted>
): ScriptedDispatcher {
  const sent: Sent[] = []
  async function request (options: Dispatcher.RequestOptions): Promise<unknown> {
    const { origin, path, method, headers, body, signal } = options as Dispatcher.RequestOptions & {
      origin: string
      signal: AbortSignal
      body: string | null
    }
    const one: Sent = { method, url: `${origin}${path}`, headers: headers as Record<string, string>, body }
    const scripted = await unlessAborted(answer(one, sent.push(one) - 1), signal)
    if (scripted === 'silence') return await unlessAborted(new Promise(() => {}), signal)
    if (scripted instanceof Error) throw scripted
    const text =
      typeof scripted.body === 'string'
        ? scripted.body
        : scripted.body === undefined
          ? ''
          : JSON.stringify(scripted.body)
    return { statusCode: scripted.status ?? 200, headers: scripted.headers ?? {}, body: once(Buffer.from(text)) }
  }
  return { dispatcher: { request } as unknown as Dispatcher, sent } // the only method that is called
}

/** One answer after the other; the last one for ever. */
export function inTurn (...answers: Scripted[]): (sent: Sent, place: number) => Scripted {
  return (_sent, place) => answers[Math.min(place, answers.length - 1)] ?? 'silence'
}

async function unlessAborted<T> (value: T | Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  return await Promise.race([value, aborted])
}

async function * once (chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk
}

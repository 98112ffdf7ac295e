import { request } from 'undici'

/** The entity tag of what these headers get. */
export async function etagOf (url: string, headers: Record<string, string>): Promise<string> {
  const answer = await request(url, { headers })
  await answer.body.dump()
  return String(answer.headers['etag'])
}

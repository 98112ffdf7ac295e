import { type Part, type RunCheckpoint } from '../../../src/services/ingest/ledger.ts'

/** A checkpoint in a variable, its parts in reach. */
export function createMemoryCheckpoint (): RunCheckpoint & { parts: Array<{ meta: Part, body: string | null }> } {
  const parts: Array<{ meta: Part, body: string | null }> = []
  const refOf = (place: number) => {
    const body = parts[place]?.body
    return body == null ? null : { segment: 1, offset: place, length: Buffer.byteLength(body) }
  }
  return {
    parts,
    lastExecution: 0,
    async append (meta, body) {
      parts.push({ meta: structuredClone(meta), body: body ?? null })
      return refOf(parts.length - 1)
    },
    async * replay () {
      for (const [place, { meta }] of parts.entries()) yield { meta: structuredClone(meta), body: refOf(place) }
    },
    async readBody ({ offset }) {
      return parts[offset]?.body ?? ''
    },
    async readBytes ({ offset }, into) {
      into.write(parts[offset]?.body ?? '')
    },
    async close () {},
  }
}

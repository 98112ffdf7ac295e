import { type PackTable, type PackedEntry } from './pack.ts'

export interface Size { entries: number, bytes: number }

interface Pack extends Omit<PackTable, 'entries'> {
  name: string
  hashes: string[]
  /** Of its entries, those that nothing newer has replaced. */
  live: number
}

interface Place extends Omit<PackedEntry, 'hash'> { pack: Pack }

/** The packs that this process knows of, and where in them each entry is. */
export function createPackIndex () {
  const packs = new Map<string, Pack>()
  const places = new Map<string, Place>()
  let bytes = 0

  function put (pack: Pack, { hash, offset, length }: PackedEntry, when: 'if newer' | 'in any case'): void {
    const before = places.get(hash)
    if (before !== undefined && when === 'if newer' && before.pack.modifiedMs > pack.modifiedMs) return
    if (before !== undefined) before.pack.live--
    pack.live++
    places.set(hash, { pack, offset, length })
  }

  return {
    add (name: string, { bytes: length, modifiedMs, entries }: PackTable, when: 'if newer' | 'in any case'): void {
      if (packs.has(name)) return
      const pack: Pack = { name, bytes: length, modifiedMs, hashes: entries.map(({ hash }) => hash), live: 0 }
      packs.set(name, pack)
      bytes += length
      for (const entry of entries) put(pack, entry, when)
    },

    forget (name: string): void {
      const pack = packs.get(name)
      if (pack === undefined) return
      packs.delete(name)
      bytes -= pack.bytes
      for (const hash of pack.hashes) if (places.get(hash)?.pack === pack) places.delete(hash)
    },

    find (hash: string): { name: string, entry: PackedEntry } | undefined {
      const place = places.get(hash)
      return place === undefined ? undefined : { name: place.pack.name, entry: { hash, offset: place.offset, length: place.length } }
    },

    has: (name: string): boolean => packs.has(name),
    names: (): string[] => [...packs.keys()],
    oldestFirst: (): Pack[] => [...packs.values()].sort((a, b) => a.modifiedMs - b.modifiedMs),
    isUseless: (name: string): boolean => packs.get(name)?.live === 0,
    size: (): Size => ({ entries: places.size, bytes }),
  }
}

import { type Random, between, pick } from '../src/sandbox/catalogue/random.ts'

/** What a change of an answer may refer to. */
export interface Surroundings {
  random: Random
  /** Origin of the upstream itself. */
  self: string
  /** Another origin, which must get no request. */
  foreign: string
  /** Path and query that were asked for. */
  path: string
  /** Ids of albums that exist. */
  ids: readonly string[]
  /** `Authorization` of the request. */
  authorization: string
  /** Whether a time may be named that no run waits for. */
  mayPause: boolean
}

interface Tools extends Surroundings {
  /** Gives what stands for this text in a value, as a string or as a key. */
  raw: (text: string) => string
}

interface Place {
  parent: Record<string, unknown>
  key: string
  value: unknown
}

type Mutation = (place: Place, tools: Tools) => void

/** Keys that the service reads; a change of another one can only spoil what is kept as it is. */
const READ = [
  'id',
  'id',
  'id',
  'items',
  'items',
  'items',
  'next',
  'next',
  'next',
  'total',
  'total_tracks',
  'total_tracks',
  'tracks',
  'albums',
  'name',
  'release_date',
  'track_number',
  'disc_number',
  'artists',
  'uri',
  'limit',
  'offset',
  'access_token',
  'expires_in',
  'token_type',
]
const COUNTS = new Set([
  'total',
  'total_tracks',
  'track_number',
  'disc_number',
  'expires_in',
  'limit',
  'offset',
  'duration_ms',
  'popularity',
])

const NUMBERS = [
  '1e9',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '12345678901234567890',
  '"NaN"',
  '"12"',
  '0',
  '-0',
  '1e2',
  '12.0',
  '0.1e-7',
  '1e13',
  '9007199254740993',
  '51',
  '1200',
  '100000',
  'null',
  'true',
  '[12]',
]
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', 'then', 'toJSON', '0']
const OTHERS = [null, true, 0, 'x', '', {}, [], [null], [[]], { id: null }, { length: 1e9 }, [{}], { items: null }]
const DEPTHS = [20, 90, 101, 150, 2000, 20_000]
const ODD_IDS = [
  '',
  ' ',
  '..',
  '../../me',
  'a/b?c=d#e',
  '%2e%2e',
  'x'.repeat(65),
  'x'.repeat(100_000),
  '\u0000',
  '{}',
  "'; DROP TABLE albums; --",
  '\u202eabc',
  '5',
  'id id',
  '\n',
  '__proto__',
]
const TEXTS = [
  '',
  ' ',
  '\u0000\u0007\u001b[31m',
  '\r\n{"level":60,"msg":"forged"}\r\n',
  '=1+1',
  '\u202etxt',
  '\ufeff',
  '</script><script>',
  '$' + '{jndi:ldap://x}',
  '\u2028\u2029',
  '0000',
  '9999-99-99',
]

const nested = (depth: number, isArray: boolean): string =>
  isArray ? '['.repeat(depth) + ']'.repeat(depth) : '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
const among = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

/** Large texts are rare: reading them is what a test's time goes into. */
function size (random: Random): number {
  return random() < 0.04 ? 5_000_000 : among(random, [300, 3000, 30_000, 30_000, 300_000])
}

const set = ({ parent, key }: Place, value: unknown): void => { parent[key] = value }

function remove ({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
}

const GENERAL: Record<string, Mutation> = {
  retype: (place, { random }) => set(place, among(random, OTHERS)),
  number: (place, { random, raw }) => set(place, raw(among(random, NUMBERS))),
  remove,
  rename: (place) => {
    place.parent[`${place.key.charAt(0).toUpperCase()}${place.key.slice(1)} `] = place.value
    remove(place)
  },
  duplicateKey: ({ parent, key, value }, { random, raw }) => {
    if (!Array.isArray(parent)) parent[raw(JSON.stringify(key))] = random() < 0.5 ? value : among(random, OTHERS)
  },
  oddKey: ({ parent, value }, { random, raw }) => {
    if (!Array.isArray(parent)) parent[raw(JSON.stringify(pick(random, KEYS as [string])))] = value
  },
  wrap: (place, { random }) => set(place, random() < 0.5 ? [place.value] : { items: place.value }),
  deep: (place, { random, raw }) => set(place, raw(nested(among(random, DEPTHS), random() < 0.5))),
  deepBeside: ({ parent }, { random, raw }) => {
    if (!Array.isArray(parent)) parent['extra'] = raw(nested(among(random, DEPTHS), random() < 0.5))
  },
  hugeText: (place, { random }) => set(place, among(random, ['x', '\u00e9', '\\', '"']).repeat(size(random) / 4)),
  hugeArray: (place, { random, raw }) =>
    set(place, raw(`[${`${among(random, ['null', '{}', '1', '""'])},`.repeat(size(random) / 8)}0]`)),
  text: (place, { random }) => set(place, among(random, TEXTS)),
  surrogates: (place, { random, raw }) =>
    set(place, raw(among(random, ['"\\ud800"', '"\\udc00x\\ud83d"', '"\\u0000"']))),
  splitText: (place, { random, raw }) => {
    if (typeof place.value === 'string') {
      set(
        place,
        raw(
          JSON.stringify(place.value).replace(/\w/g, (c) =>
            random() < 0.3 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c
          )
        )
      )
    }
  },
}

const IDS: Record<string, Mutation> = {
  otherId: (place, { random, ids }) => set(place, among(random, ids)),
  oddId: (place, { random }) => set(place, among(random, ODD_IDS)),
  idOfNext: ({ parent, key }, { ids }) => { parent[key] = ids[(ids.indexOf(String(parent[key])) + 1) % ids.length] },
  upperId: (place) => set(place, String(place.value).toUpperCase()),
}

const listOf = ({ value }: Place): unknown[] => Array.isArray(value) ? value : []

const LISTS: Record<string, Mutation> = {
  emptyList: (place) => set(place, []),
  shuffledList: (place) => set(place, listOf(place).toReversed()),
  repeatedList: (place) => set(place, [...listOf(place), ...listOf(place)]),
  repeatedItem: (place, { random }) =>
    set(
      place,
      listOf(place).flatMap((item) => (random() < 0.3 ? [item, item] : [item]))
    ),
  shorterList: (place, { random }) => set(place, listOf(place).slice(0, between(random, 0, listOf(place).length))),
  flawedList: (place, { random }) =>
    set(
      place,
      listOf(place).map((item) => (random() < 0.2 ? among(random, OTHERS) : item))
    ),
  longList: (place, { random, raw }) => {
    const text = JSON.stringify(listOf(place)[0] ?? null)
    set(place, raw(`[${Array<string>(Math.min(20_000, Math.ceil(size(random) / text.length))).fill(text).join()}]`))
  },
  listOfOneId: (place) => set(place, listOf(place).map(() => listOf(place)[0])),
  listWithoutIds: (place) => set(place, listOf(place).map((item) => ({ ...item as object, id: null }))),
}

function withOffset (path: string, offset: number | string): string {
  const url = new URL(path, 'http://x')
  url.searchParams.set('offset', String(offset))
  return url.pathname + url.search
}

const NEXTS: Array<(tools: Tools, value: unknown) => unknown> = [
  ({ foreign, path }) => `${foreign}${path}`,
  ({ foreign }) => `${foreign}/v1/search?offset=10&limit=10`,
  ({ self, path }) => self + path,
  ({ self, path }) => self + withOffset(path, 0),
  ({ self, path, random }) => self + withOffset(path, between(random, 1, 3000)),
  ({ self, path }) => self + withOffset(path, '1e9'),
  ({ self, path }) => self + withOffset(path, -1),
  ({ path }) => path,
  () => 'javascript:alert(1)',
  () => 'file:///etc/passwd',
  () => 'http://[::1',
  () => 'true',
  () => '//evil.example/x',
  ({ self, path }) => (self + path).replace('://', '://user:password@'),
  ({ self, foreign }) => `${self}@${new URL(foreign).host}/v1/search?offset=10`,
  ({ self }) => `${self}/v1/me?offset=10`,
  ({ self, ids }) => `${self}/v1/albums/${ids[0]}/tracks?offset=50&limit=50`,
  ({ self, path }) => `${self}${path}&x=${'y'.repeat(1900)}`,
  ({ self, path }) => `${self}${path}&x=${'y'.repeat(100_000)}`,
  ({ self, path }) => `${self}${path}\r\nX-Injected: 1`,
  ({ self, path }) => `${self.toUpperCase()}${path}`,
  (_tools, value) => typeof value === 'string' ? value.replace(/limit=\d+/, 'limit=1000000') : 'x',
  (_tools, value) => typeof value === 'string' ? value.replace(/limit=\d+/, 'limit=1') : 'x',
  (_tools, value) => typeof value === 'string' ? value.replace('127.0.0.1', 'localhost') : null,
  () => null,
  () => 5,
  () => ({}),
  () => true,
]

const NEXT: Record<string, Mutation> = {
  next: (place, tools) => set(place, among(tools.random, NEXTS)(tools, place.value)),
}

/** The mutations that suit a key, in which the service looks for something, beside the general ones. */
function mutationsFor ({ key, value }: Place): Record<string, Mutation> {
  if (key === 'next') return NEXT
  if (key === 'id') return IDS
  if (COUNTS.has(key)) return { number: GENERAL['number'] as Mutation }
  return Array.isArray(value) ? LISTS : GENERAL
}

/** All places of a value by their key; places of arrays are under `#`. */
function placesOf (root: unknown): Map<string, Place[]> {
  const places = new Map<string, Place[]>()
  const open: unknown[] = [root]
  for (let value; (value = open.pop()) !== undefined;) {
    if (typeof value !== 'object' || value === null) continue
    const parent = value as Record<string, unknown>
    for (const [key, inner] of Object.entries(parent)) {
      const group = Array.isArray(parent) ? '#' : key
      const known = places.get(group)
      if (known === undefined) places.set(group, [{ parent, key, value: inner }])
      else known.push({ parent, key, value: inner })
      if (inner !== null) open.push(inner)
    }
  }
  return places
}

/** Changes a JSON text in one to three places. Gives the names of the changes. */
export function changeJson (text: string, surroundings: Surroundings): { text: string, names: string[] } {
  const { random } = surroundings
  const texts: string[] = []
  const tools: Tools = { ...surroundings, raw: (raw) => `\u2042${texts.push(raw) - 1}\u2042` }
  const root = { root: JSON.parse(text) as unknown }
  const names: string[] = []
  for (let left = random() < 0.7 ? 1 : between(random, 2, 3); left > 0; left--) {
    const places = placesOf(root)
    const read = READ.filter((key) => places.has(key))
    const key = among(random, random() < 0.8 && read.length > 0 ? read : [...places.keys()])
    const place = among(random, places.get(key) ?? [{ parent: root, key: 'root', value: root.root }])
    const mutations = random() < 0.65 ? mutationsFor(place) : GENERAL
    const name = among(random, Object.keys(mutations))
    mutations[name]?.(place, tools)
    names.push(name)
  }
  const written = JSON.stringify(root.root ?? null).replace(
    /"\u2042(\d+)\u2042"/g,
    (_, index) => texts[Number(index)] ?? 'null'
  )
  return { text: written, names }
}

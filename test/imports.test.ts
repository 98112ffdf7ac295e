import { readFile, readdir } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

/**
 * From the top: a file imports from its own layer and from those below it. A name ending in `/` stands for a whole
 * folder.
 */
const LAYERS = [
  ['server.ts', 'cli.ts', 'demo.ts', 'serve.ts', 'cli/', 'startup-error.ts', 'sandbox/'],
  ['app.ts'],
  ['routes/'],
  ['plugins/', 'web/'],
  ['services/'],
  ['schemas/'],
  ['formats/'],
  ['config.ts', 'logging/', 'errors.ts', 'error-codes.ts', 'printable.ts', 'version.ts'],
]

/** Files that every layer may use: JSON, clocks and the like, which import nothing but each other. */
const BASE = ['services/json.ts', 'services/fields.ts', 'services/log.ts', 'services/clock.ts', 'services/abortable.ts']

const files = (await readdir('src', { recursive: true })).filter((path) => path.endsWith('.ts')).sort()
const imports = new Map(await Promise.all(files.map(async (path) => {
  const specifiers = (await readFile(join('src', path), 'utf8')).matchAll(/(?:from |import |import\()'(\.[^']+)'/g)
  return [path, [...specifiers].map(([, specifier = '']) => normalize(join(dirname(path), specifier)))] as const
})))

/** A folder is a room; a file that lies directly in `src` or `src/services` is one of its own. */
function roomOf (path: string): string {
  const folder = dirname(path)
  return folder === '.' || folder === 'services' ? path : folder
}

function layerOf (path: string): number {
  return LAYERS.findIndex((names) => names.some((name) => name.endsWith('/') ? path.startsWith(name) : path === name))
}

/** Returns the first circle of a graph as the names on it, or null. */
function circleIn (graph: ReadonlyMap<string, Iterable<string>>): string[] | null {
  const done = new Set<string>()
  function walk (name: string, path: string[]): string[] | null {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    if (done.has(name)) return null
    for (const next of graph.get(name) ?? []) {
      const circle = walk(next, [...path, name])
      if (circle !== null) return circle
    }
    done.add(name)
    return null
  }
  for (const name of graph.keys()) {
    const circle = walk(name, [])
    if (circle !== null) return circle
  }
  return null
}

t.test('a circle is found, and named', async (t) => {
  t.same(circleIn(new Map([['a', ['b']], ['b', ['c']], ['c', ['b']]])), ['b', 'c', 'b'])
  t.equal(circleIn(new Map([['a', ['b', 'c']], ['b', ['c']], ['c', []]])), null)
})

t.test('files import each other in no circle, and neither do folders', async (t) => {
  t.ok(files.length > 200)
  for (const [path, targets] of imports) {
    for (const target of targets) t.ok(imports.has(target), `${path} imports ${target}`)
  }
  t.equal(circleIn(imports), null)
  const rooms = new Map<string, Set<string>>()
  for (const [path, targets] of imports) {
    const room = roomOf(path)
    const others = rooms.get(room) ?? new Set()
    for (const target of targets) if (roomOf(target) !== room) others.add(roomOf(target))
    rooms.set(room, others)
  }
  t.equal(circleIn(rooms), null)
})

t.test('no file imports from a layer above its own', async (t) => {
  for (const path of files) t.ok(layerOf(path) >= 0, `${path} is in a layer`)
  for (const path of BASE) {
    for (const target of imports.get(path) ?? []) {
      t.ok(BASE.includes(target) || layerOf(target) === LAYERS.length - 1, `${path} imports ${target}`)
    }
  }
  for (const [path, targets] of imports) {
    for (const target of targets) {
      t.ok(BASE.includes(target) || layerOf(target) >= layerOf(path), `${path} imports ${target}, which lies above it`)
    }
  }
})

import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

export type Coding = 'identity' | 'gzip' | 'br'

/** A file of the pages. */
export interface Asset {
  contentType: string
  etag: string
  /** Compressed once, when it is first asked for. */
  body: (coding: Coding) => Promise<Buffer>
}

export interface Assets {
  /** The same for the same files, so that what is kept under it never grows old. */
  version: string
  files: ReadonlyMap<string, Asset>
}

const CSS = 'text/css; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'
const UPLOT = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist')

const NONE: Assets = { version: '', files: new Map() }

/** The files of the pages, read when the first page is asked for: the service starts sooner without. */
export function createAssets (): { ready: () => Promise<void>, current: () => Assets } {
  let loading: Promise<void> | null = null
  let current = NONE
  return {
    async ready () {
      loading ??= loadAssets().then((loaded) => { current = loaded })
      await loading
    },
    current: () => current,
  }
}

/** Reads all files of the pages, with the types taken out of the scripts. */
async function loadAssets (): Promise<Assets> {
  const texts = new Map<string, { contentType: string, text: string }>([
    ['style.css', { contentType: CSS, text: await read('style.css') }],
    ['icon.svg', { contentType: 'image/svg+xml', text: await read('icon.svg') }],
    ['uPlot.min.css', { contentType: CSS, text: await readFile(join(UPLOT, 'uPlot.min.css'), 'utf8') }],
    ['uPlot.iife.min.js', { contentType: SCRIPT, text: await readFile(join(UPLOT, 'uPlot.iife.min.js'), 'utf8') }],
  ])
  for (const name of await readdir(new URL('client/', import.meta.url))) {
    if (!name.endsWith('.ts') || name.endsWith('.d.ts')) continue
    texts.set(name.replace(/\.ts$/, '.js'), { contentType: SCRIPT, text: toScript(await read(`client/${name}`)) })
  }
  const files = new Map<string, Asset>()
  for (const [name, { contentType, text }] of texts) files.set(name, assetOf(contentType, text))
  const version = hashOf([...texts].map(([name, { text }]) => `${name}\n${text}`).join('\n'))
  return { version, files }
}

async function read (path: string): Promise<string> {
  return await readFile(new URL(path, import.meta.url), 'utf8')
}

/** Takes out types and points imports at the names under which the scripts are served. */
function toScript (source: string): string {
  return withoutWarning(() => stripTypeScriptTypes(source))
    .replace(/(from |import )'\.\/([\w-]+)\.ts'/g, "$1'./$2.js'")
    .replace(/[ \t]+$/gm, '')
}

/** Node.js warns that this function may change, which nobody who starts the service can act upon. */
function withoutWarning<T> (work: () => T): T {
  const emitWarning = Object.getOwnPropertyDescriptor(process, 'emitWarning')
  process.emitWarning = () => {}
  try {
    return work()
  } finally {
    if (emitWarning !== undefined) Object.defineProperty(process, 'emitWarning', emitWarning)
  }
}

function assetOf (contentType: string, text: string): Asset {
  const bodies = new Map<Coding, Promise<Buffer>>()
  return {
    contentType,
    etag: hashOf(text),
    async body (coding) {
      const body = bodies.get(coding) ?? compress(Buffer.from(text), coding)
      bodies.set(coding, body)
      return await body
    },
  }
}

async function compress (bytes: Buffer, coding: Coding): Promise<Buffer> {
  switch (coding) {
    case 'identity': return bytes
    case 'gzip': return await promisify(gzip)(bytes, { level: 9 })
    case 'br':
      return await promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
  }
}

function hashOf (text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

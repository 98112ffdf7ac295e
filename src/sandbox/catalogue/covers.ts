import { isId } from './ids.ts'
import { SPOTIFY_API_URL, type View } from './objects.ts'
import { between, createRandom, hashText, pick, type Random } from './random.ts'
import { type Palette, SHAPES } from './cover-shapes.ts'

/** Widths in pixels of Spotify's images of albums and artists. */
const SIZES: readonly number[] = [640, 320, 300, 160, 64]
const PATH = '/sandbox/covers/'

/** Returns the URL of a cover on the origin that was called; undefined for a view of Spotify itself. */
export function coverUrl ({ apiUrl }: View, id: string, pixels: number): string | undefined {
  return apiUrl === SPOTIFY_API_URL ? undefined : `${new URL(apiUrl).origin}${PATH}${id}-${pixels}.svg`
}

/** Parses the file name of a cover; undefined for any other name. */
export function readCoverName (name: string): { id: string, pixels: number } | undefined {
  const [, id = '', width] = /^([^-]+)-(\d{2,3})\.svg$/.exec(name) ?? []
  const pixels = Number(width)
  return isId(id) && SIZES.includes(pixels) ? { id, pixels } : undefined
}

/** Draws the invented image of an album or artist as SVG. The same id gives the same image. */
export function drawCover (id: string, pixels: number): string {
  const random = createRandom(hashText(id))
  const palette = createPalette(random)
  const shape = pick(random, SHAPES)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels}" height="${pixels}" viewBox="0 0 100 100">` +
    `<defs><linearGradient id="g" gradientTransform="rotate(${between(random, 20, 70)})">` +
    `<stop stop-color="${palette.from}"/><stop offset="1" stop-color="${palette.to}"/></linearGradient></defs>` +
    `<rect width="100" height="100" fill="url(#g)"/>${shape(random, palette)}</svg>`
}

/** Draws two neighbouring colours for the ground, and a pale and a contrasting one for the shapes. */
function createPalette (random: Random): Palette {
  const hue = between(random, 0, 359)
  const next = hue + between(random, 25, 70)
  return {
    from: hsl(hue, between(random, 45, 75), between(random, 22, 40)),
    to: hsl(next, between(random, 45, 75), between(random, 38, 58)),
    pale: hsl(next, 60, 88),
    contrast: hsl(hue + 180, 70, 62),
  }
}

/** Writes a colour with commas, the form that every SVG reader understands. */
function hsl (hue: number, saturation: number, lightness: number): string {
  return `hsl(${hue % 360},${saturation}%,${lightness}%)`
}

import { between, pick, type Random } from './random.ts'

export interface Palette {
  /** Both ends of the ground's gradient. */
  readonly from: string
  readonly to: string
  readonly pale: string
  readonly contrast: string
}

type Shape = (random: Random, palette: Palette) => string

/** Functions that draw SVG elements on a ground of 100 by 100. */
export const SHAPES: readonly [Shape, ...Shape[]] = [rings, bars, waves, peaks, tiles, sun]

function rings (random: Random, { pale, contrast }: Palette): string {
  const [x, y] = [between(random, 20, 80), between(random, 20, 80)]
  const count = between(random, 4, 8)
  return repeat(count, (ring) =>
    `<circle cx="${x}" cy="${y}" r="${(ring + 1) * 9}" fill="none" stroke="${ring % 3 === 1 ? contrast : pale}" ` +
    `stroke-width="${between(random, 1, 4)}" opacity="${tenths(9 - ring)}"/>`)
}

function bars (random: Random, { pale, contrast }: Palette): string {
  const count = between(random, 7, 13)
  const width = 76 / count
  return repeat(count, (bar) => {
    const height = between(random, 8, 66)
    const [x, y] = [round(12 + bar * width), round(50 - height / 2)]
    return `<rect x="${x}" y="${y}" width="${round(width * 0.6)}" height="${height}" rx="${round(width * 0.3)}" ` +
      `fill="${random() < 0.25 ? contrast : pale}" opacity="${tenths(between(random, 6, 9))}"/>`
  })
}

function waves (random: Random, { pale, contrast }: Palette): string {
  const count = between(random, 3, 5)
  return repeat(count, (wave) => {
    const y = 35 + wave * 55 / count
    const [rise, fall] = [between(random, 8, 30), between(random, 8, 30)]
    return `<path d="M0 ${round(y)}C30 ${round(y - rise)} 65 ${round(y + fall)} 100 ${round(y - 6)}V100H0Z" ` +
      `fill="${wave === 1 ? contrast : pale}" opacity="${tenths(2 + wave)}"/>`
  })
}

function peaks (random: Random, { from, pale, contrast }: Palette): string {
  const [x, y, radius] = [between(random, 20, 80), between(random, 16, 34), between(random, 6, 12)]
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${contrast}"/>` + repeat(between(random, 3, 5), (peak) => {
    const [middle, top, half] = [between(random, 0, 90), between(random, 34, 60) + peak * 5, between(random, 22, 42)]
    const path = `M${middle - half} 100L${middle} ${top}L${middle + half} 100Z`
    return `<path d="${path}" fill="${peak % 2 === 0 ? from : pale}" opacity="0.7"/>`
  })
}

/** A quarter disc of radius 25 in each corner of a field. */
const QUARTERS = [
  'M0 0H25A25 25 0 0 1 0 25Z',
  'M25 0V25A25 25 0 0 1 0 0Z',
  'M25 25H0A25 25 0 0 1 25 0Z',
  'M0 25V0A25 25 0 0 1 25 25Z',
] as const

/** Quarter discs in a grid of four by four fields, some of which stay empty. */
function tiles (random: Random, { pale, contrast }: Palette): string {
  return repeat(16, (tile) => {
    if (random() < 0.25) return ''
    const [x, y] = [tile % 4 * 25, Math.floor(tile / 4) * 25]
    return `<path transform="translate(${x} ${y})" d="${pick(random, QUARTERS)}" ` +
      `fill="${random() < 0.3 ? contrast : pale}" opacity="${tenths(between(random, 4, 8))}"/>`
  })
}

function sun (random: Random, { from, pale, contrast }: Palette): string {
  const [x, y, radius] = [between(random, 35, 65), between(random, 38, 56), between(random, 22, 32)]
  const count = between(random, 3, 6)
  const disc = `<circle cx="${x}" cy="${y}" r="${radius}" fill="${random() < 0.5 ? pale : contrast}" opacity="0.9"/>`
  return disc + repeat(count, (stripe) => {
    const top = round(y + 3 + stripe * radius / count)
    return `<rect y="${top}" width="100" height="${stripe + 1}" fill="${from}"/>`
  })
}

function repeat (count: number, draw: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => draw(index)).join('')
}

function tenths (count: number): number {
  return Math.max(1, count) / 10
}

function round (number: number): number {
  return Math.round(number * 10) / 10
}

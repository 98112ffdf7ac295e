import { pick, type Random } from './random.ts'

const FIRST = [
  'Quiet', 'Golden', 'Electric', 'Paper', 'Northern', 'Velvet', 'Broken', 'Distant', 'Summer', 'Hollow', 'Silver',
  'Midnight', 'Wild', 'Slow', 'Glass', 'Neon',
] as const
const SECOND = [
  'Rivers', 'Machines', 'Gardens', 'Signals', 'Letters', 'Harbours', 'Mirrors', 'Seasons', 'Orchards', 'Engines',
  'Lanterns', 'Satellites', 'Tides', 'Cathedrals', 'Maps', 'Echoes',
] as const
const TAIL = [
  '', '', '', '', ' (Deluxe)', ' - Remastered 2026', ' (feat. The Nobodies)', ' [Live]', ', Vol. 2',
] as const
const SONG = [
  'Run', 'Stay', 'Falling', 'Homeward', 'Ash', 'Bloom', 'Gravity', 'Undertow', 'Kites', 'Saturday', 'Halogen',
  'Ivy', 'Parallel', 'Static', 'Wren', 'Zero',
] as const
const WORLD = [
  'Björk Åkesson', 'Sigur Nótt', 'Los Ángeles Rotos', '東京スピーカーズ', '한강 밴드', 'فرقة النيل', 'Кино 2', 'Ζωή', 'AC✝DC☽',
] as const

export function albumName (random: Random): string {
  return `${pick(random, FIRST)} ${pick(random, SECOND)}${pick(random, TAIL)}`
}

export function trackName (random: Random): string {
  return random() < 0.5 ? pick(random, SONG) : `${pick(random, FIRST)} ${pick(random, SONG)}${pick(random, TAIL)}`
}

export function artistName (random: Random): string {
  return random() < 0.1 ? pick(random, WORLD) : `The ${pick(random, FIRST)} ${pick(random, SECOND)}`
}

export function labelName (random: Random): string {
  return `${pick(random, SECOND)} Recordings`
}

import type { Work } from '../bounds.ts'
import { CONTENDERS } from '../contenders/index.ts'
import { type Check, type Row, type Sample, type Table, isWhole } from '../results.ts'
import { type Tier, laterName } from '../scenarios/tiers.ts'
import { median } from '../statistics.ts'
import { atLeast, atMost } from './check.ts'

const LIMITS: Record<Tier, { path: number, faster: number }> = {
  extended: { path: 1.4, faster: 15 },
  development: { path: 1.3, faster: 8 },
}

export function tierChecks (tier: Tier, cold: Table, warm: Table, { furtherPages }: Work): Check[] {
  const service = rowNamed(cold, CONTENDERS.service.name)
  const later = rowNamed(cold, laterName('service'))
  const second = rowNamed(warm, CONTENDERS.service.name)
  const course = rowNamed(cold, CONTENDERS.course.name)
  const { path, faster } = LIMITS[tier]
  const critical = cold.criticalMs ?? NaN
  const ours = cold.rows.filter(({ contender }) => contender.startsWith(CONTENDERS.service.name) || contender.startsWith(CONTENDERS.pipeline.name))
  return [
    atMost('1', 'time', `${tier} tier, from accepted to finished, first run of a process, as a multiple of the critical path`, wallMs(service) / critical, path),
    atMost('1', 'time', `${tier} tier, the same for a later run of the process and its own critical path`, wallMs(later) / (later.criticalMs ?? NaN), path),
    atLeast('1', 'time', `${tier} tier, times faster than the course pipeline, first run of a process`, wallMs(course) / wallMs(service), faster),
    atLeast('1', 'time', `${tier} tier, the same for a later run of the process`, wallMs(course) / wallMs(later), faster),
    ...tier === 'extended' ? [atMost('1', 'count', `extended tier, calls besides the ${furtherPages} for albums over 50 tracks`, most(service, ({ stats }) => stats.calls) - furtherPages, 10)] : [],
    atMost('2', 'count', `${tier} tier, second run: calls for albums`, most(second, albumCalls), 0),
    ...tier === 'development' ? [atMost('2', 'count', 'development tier, second run: calls', most(second, ({ stats }) => stats.calls), 12)] : [],
    atMost('6', 'count', `${tier} tier: rounds of this service in which anything is missing`, [...ours, ...warm.rows.slice(0, 2)].filter((row) => !isWhole(cold, row)).length, 0),
  ]
}

function rowNamed ({ rows, id }: Table, name: string): Row {
  const row = rows.find(({ contender }) => contender === name)
  if (row === undefined) throw new Error(`no row ${name} in ${id}`)
  return row
}

function wallMs ({ samples }: Row): number {
  return median(samples.map((sample) => sample.wallMs))
}

function most ({ samples }: Row, count: (sample: Sample) => number): number {
  return Math.max(...samples.map(count))
}

function albumCalls ({ stats: { byEndpoint } }: Sample): number {
  return ['album', 'albums', 'albumTracks'].reduce((calls, endpoint) => calls + (byEndpoint[endpoint]?.total ?? 0), 0)
}

import type { Check } from '../results.ts'

/** At most so much. */
export function atMost (target: string, kind: Check['kind'], promise: string, measured: number, limit: number, unit = ''): Check {
  return { target, kind, promise: `${promise}: at most ${show(limit)}${unit}`, measured: `${show(measured)}${unit}`, ok: measured <= limit }
}

/** At least so much. */
export function atLeast (target: string, kind: Check['kind'], promise: string, measured: number, limit: number, unit = ''): Check {
  return { target, kind, promise: `${promise}: at least ${show(limit)}${unit}`, measured: `${show(measured)}${unit}`, ok: measured >= limit }
}

function show (value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2)
}

import type { Run } from '../../schemas/run.ts'

/** When to ask for a run again, in seconds: soon, or when a paused one goes on. */
export function retryAfterSeconds ({ resumeAt }: Run, nowMs: number): number {
  return resumeAt === null ? 1 : Math.max(1, Math.ceil((Date.parse(resumeAt) - nowMs) / 1000))
}

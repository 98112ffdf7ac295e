import { type PacerState } from '../../../src/services/spotify/window.ts'

/** A store of the pacer's state as small as a variable. */
export function createMemory (state: PacerState | null = null) {
  return {
    state,
    saves: 0,
    async load () { return this.state },
    async save (next: PacerState) {
      this.saves++
      this.state = structuredClone(next)
    },
  }
}

import { RUN_ID } from '../../schemas/run-id.ts'

const ID = new RegExp(RUN_ID)

export function isRunId (id: string): boolean {
  return ID.test(id)
}

/** When the run of that id was created, epoch milliseconds. */
export function createdAtMs (id: string): number {
  return parseInt(id.slice(0, 13).replace('-', ''), 16)
}

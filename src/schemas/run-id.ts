import { Type } from '@sinclair/typebox'
import { Pattern } from './pattern.ts'

/** The id of a run: a UUID of version 7, in lower case. */
export const RunId = (description: string) => Pattern(
  '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', 'the id of a run', { description }
)

/** What stands in a path may be no id at all: that is a run that is not found. */
export const RunParams = Type.Object({ id: Type.String({ maxLength: 64, description: 'the id of the run' }) })

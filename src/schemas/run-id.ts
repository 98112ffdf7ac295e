import { Type } from '@sinclair/typebox'
import { Pattern } from './pattern.ts'

/** A UUID of version 7, in lower case: such ids sort by the time of their creation. Source: RFC 9562, section 5.7 */
export const RUN_ID = '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'

export const RunId = (description: string) => Pattern(RUN_ID, 'the id of a run', { description })

/** What stands in a path may be no id at all: that is a run that is not found. */
export const RunParams = Type.Object({ id: Type.String({ maxLength: 64, description: 'the id of the run' }) })

/** Each row of the page on faults. */
import '../what-happens-when.test.ts'
import { OTHER_ROWS, testRows } from '../what-happens-runs.ts'

testRows(OTHER_ROWS)

import { OTHER_ROWS, testRows } from '../what-happens-runs.ts'

testRows(OTHER_ROWS)

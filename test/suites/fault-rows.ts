/** Each row of the page on faults. */
import '../what-happens-when.test.ts'

/** The service where a wait in real time decides: refusals that are asked again, pauses, and each row of the page on faults. */
import '../verdicts.test.ts'
import '../what-happens-commands.test.ts'
import '../what-happens-when.test.ts'
import '../waiting.test.ts'

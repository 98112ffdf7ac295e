/** The service where a wait in real time decides, and how long it takes to be told of one: alone in its process. */
import '../waiting.test.ts'
import '../what-happens-commands.test.ts'

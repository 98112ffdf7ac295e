/** Processes with little memory, few files or a shared cache. */
import '../album-cache-processes.test.ts'
import '../answer-memory.test.ts'
import '../edge.test.ts'

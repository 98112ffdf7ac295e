/** Real processes of the compiled programs. */
import '../crash.test.ts'
import '../programs.test.ts'
import '../start.test.ts'
import '../answer-memory.test.ts'

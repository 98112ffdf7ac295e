/** Real processes of the service. */
import '../crash.test.ts'
import '../start.test.ts'

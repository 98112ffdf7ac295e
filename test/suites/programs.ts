/** Real processes of the compiled programs. */
import '../album-cache-processes.test.ts'
import '../crash.test.ts'
import '../deploy.test.ts'
import '../documentation.test.ts'
import '../examples.test.ts'
import '../programs.test.ts'
import '../services/store/many-processes.test.ts'
import '../start.test.ts'

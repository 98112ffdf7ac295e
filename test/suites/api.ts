/** The service by its routes. */
import '../ingest.test.ts'
import '../replay.test.ts'
import '../token.test.ts'
import '../openapi.test.ts'
import '../fuzz.test.ts'
import '../plugins/shutdown.test.ts'
import '../routes/routes.test.ts'
import '../routes/run-api.test.ts'

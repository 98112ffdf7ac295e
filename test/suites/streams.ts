/** The service by what it streams: documents, tables, feeds and events. */
import '../routes/broken-stream.test.ts'
import '../routes/conversions.test.ts'
import '../routes/event-source.test.ts'
import '../routes/releases.test.ts'
import '../routes/run-changes.test.ts'
import '../routes/tables.test.ts'
import '../routes/contract.test.ts'
import '../routes/quality.test.ts'

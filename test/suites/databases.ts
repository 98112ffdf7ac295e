/** What is stored, on SQLite and on PostgreSQL: one server for all of them, which some of them kill. */
import '../services/database/database.test.ts'
import '../services/database/migrations.test.ts'
import '../services/database/postgresql.test.ts'
import '../services/store/album-cache.test.ts'
import '../services/store/documents/document-store.test.ts'
import '../services/store/ledger-store.test.ts'
import '../services/store/run-store.test.ts'
import '../services/store/state-store.test.ts'

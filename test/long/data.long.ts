/** What takes long of the sandbox's days, of tables, releases and quality. */
import '../data-page.test.ts'
import '../next-day.test.ts'
import '../releases-crash.test.ts'
import '../sandbox/days.test.ts'
import '../sandbox/search.test.ts'
import '../services/quality/any-album.test.ts'
import '../services/tables/recorded.test.ts'

/** Its tests run side by side. */
import '../sandbox/server.test.ts'

/** What examples/ and postman/ hold, run as their users do. */
import '../examples.test.ts'

/** The demo and the command line, as their users run them. */
import '../programs.test.ts'

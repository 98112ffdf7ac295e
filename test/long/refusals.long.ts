/** Refusals that are asked again, side by side. */
import '../verdicts.test.ts'

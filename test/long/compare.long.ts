/** The comparison with own calls and the SDK, in real time. */
import '../bench/compare.test.ts'

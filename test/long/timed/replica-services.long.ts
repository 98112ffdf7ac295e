/** Whole services as replicas, in one process. */
import '../../replicas.test.ts'

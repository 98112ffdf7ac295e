/** Whole services as replicas, in one process. */
import '../../releases-replicas.test.ts'
import '../../replicas.test.ts'

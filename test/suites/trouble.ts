/** The service under faults, limits and bad disks. */
import '../faults.test.ts'
import '../laws.test.ts'
import '../quota.test.ts'
import '../restart.test.ts'
import '../services/runs/execute.test.ts'
import '../storage.test.ts'
import '../verdicts.test.ts'
import '../what-happens-when.test.ts'

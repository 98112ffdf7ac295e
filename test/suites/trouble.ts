/** The service under faults, limits and bad disks. */
import '../bounds.test.ts'
import '../faults.test.ts'
import '../hostile.test.ts'
import '../laws.test.ts'
import '../quota.test.ts'
import '../restart.test.ts'
import '../services/runs/execution.test.ts'
import '../storage.test.ts'

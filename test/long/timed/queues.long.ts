/** What processes share, in real time: the rate window on SQLite and on PostgreSQL, and the queue of replicas. */
import '../../services/spotify/pacing/rate-window-processes.test.ts'
import '../../services/queue/queue-takeover.test.ts'
import '../../services/spotify/pacing/rate-window-postgresql.test.ts'
import '../../services/queue/run-queue.test.ts'
import '../../services/queue/queue-outage.test.ts'

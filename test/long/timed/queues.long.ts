/** What replicas share: the rate window and the queue on PostgreSQL, in real time. */
import '../../services/spotify/rate-window-postgresql.test.ts'
import '../../services/queue/run-queue.test.ts'
import '../../services/queue/queue-outage.test.ts'

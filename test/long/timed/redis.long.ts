/** What several processes share in a Redis, by itself, since it measures time: each test starts a redis-server of its own. */
import '../../redis.test.ts'
import '../../services/queue/run-queue.test.ts'
import '../../services/redis/check.test.ts'
import '../../services/spotify/redis-trouble.test.ts'
import '../../services/spotify/redis-window.test.ts'

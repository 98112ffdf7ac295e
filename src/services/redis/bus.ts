import { type Log } from '../log.ts'
import { type Bus, type RosterMessage } from '../runs/shared-roster.ts'
import { type RedisConnections, reasonOf } from './connections.ts'

/** Redis's publish and subscribe. It does not know databases: the channel has the number of ours in its name. */
export function createRedisBus (redis: RedisConnections, replica: string, log: Log): Bus {
  const { quick } = redis
  const channel = `ingest:${quick.options.db ?? 0}:runs`
  const failed = (error: unknown): void => log.debug({ reason: reasonOf(error) }, 'the other replicas cannot be told, or heard')
  return {
    publish (message) {
      if (quick.status === 'ready') quick.publish(channel, JSON.stringify({ ...message, from: replica })).catch(failed)
    },
    subscribe (listener) {
      const subscriber = redis.patient()
      subscriber.on('ready', () => { subscriber.subscribe(channel).catch(failed) })
      subscriber.on('message', (_channel: string, text: string) => {
        try {
          const { from, ...message } = JSON.parse(text) as RosterMessage & { from: string }
          if (from !== replica) listener(message)
        } catch (error) {
          log.warn({ err: error }, 'a message that no replica of this version sends')
        }
      })
    },
  }
}

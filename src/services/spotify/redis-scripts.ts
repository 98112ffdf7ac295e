import { createHash } from 'node:crypto'
import { type Redis } from 'ioredis'
import { type CallCount } from './call-count.ts'
import { type Standing } from './standing.ts'

/** What Redis holds. All its times are milliseconds of Redis's own clock. */
export interface SharedWindow {
  nowMs: number
  /** null: Redis knows nothing, it is new or was emptied. */
  shared: { version: string, standing: Standing } | null
  callsByHour: CallCount
  /** When each occupied place becomes free. */
  freeAtMs: number[]
}

/** News of a place: its call is under way, has ended so long ago, or was never made. */
export interface PlaceNews {
  id: string
  givenAtMs: number
  news: 'open' | 'unmade' | { endedAgoMs: number, answered: boolean }
}

export interface WindowScripts {
  /** null: the standing is not of this version any more (read it). Else places given, all in use, and when to ask for more. */
  take: (ask: { version: string, pace: number, wanted: number, idPrefix: string }) => Promise<{ given: number, nowMs: number, occupied: number, waitMs: number } | null>
  tell: (news: PlaceNews[], nextVersion: string) => Promise<void>
  read: () => Promise<SharedWindow>
  /** Replace the standing where it is still of that version. False where it is not. */
  write: (expected: string, version: string, standing: Standing) => Promise<boolean>
  /** Write the first standing, with the count of calls, and a time in which nobody may call. */
  restore: (version: string, standing: Standing, callsByHour: CallCount, closedMs: number) => Promise<boolean>
}

/** A moment in Redis is a whole millisecond, rounded down: a place is free once its last millisecond is over. */
const PRELUDE = `
local window, places, calls = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** What lies further ahead than any place can was written before the clock of Redis was set back. */
const FREE_PLACES = `
redis.call('ZREMRANGEBYSCORE', places, '-inf', '(' .. now)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', places, '(' .. longest, '+inf')) do redis.call('ZADD', places, longest, id) end
`

const TAKE = `${PRELUDE}
local version, pace, wanted, prefix, windowMs, longest = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), now + ARGV[5] + ARGV[6]
local state = redis.call('HMGET', window, 'version', 'pauseEndsAtMs', 'closedUntilMs')
if state[1] ~= version then return {-1} end
${FREE_PLACES}
local occupied = redis.call('ZCARD', places)
local closedMs = math.max(tonumber(state[2]), tonumber(state[3])) - now
if closedMs > 0 then return {0, now, occupied, closedMs} end
local given = math.max(0, math.min(wanted, pace - occupied))
for place = 1, given do redis.call('ZADD', places, longest, prefix .. place) end
occupied = occupied + given
if given > 0 then
  local hour = math.floor(now / 3600000)
  if redis.call('HINCRBY', calls, string.format('%d', hour), given) == given then
    for _, old in ipairs(redis.call('HKEYS', calls)) do if tonumber(old) < hour - 24 then redis.call('HDEL', calls, old) end end
  end
end
local waitMs = 0
if occupied >= pace then waitMs = redis.call('ZRANGE', places, occupied - pace, occupied - pace, 'WITHSCORES')[2] + 1 - now end
return {given, now, occupied, waitMs}
`

const TELL = `${PRELUDE}
local nextVersion, windowMs, longest = ARGV[1], tonumber(ARGV[2]), now + ARGV[2] + ARGV[3]
local state = redis.call('HMGET', window, 'version', 'strikes', 'reducedAtMs')
for at = 4, #ARGV, 4 do
  local id, givenAtMs, news, answered = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  if news == 'open' then redis.call('ZADD', places, longest, id)
  elseif news == 'unmade' then redis.call('ZREM', places, id)
  else redis.call('ZADD', places, now - news + windowMs, id) end
  if answered == '1' and state[1] and state[2] ~= '0' and givenAtMs > tonumber(state[3]) then
    redis.call('HSET', window, 'strikes', 0, 'version', nextVersion)
    state[2] = '0'
  end
end
${FREE_PLACES}
`

const READ = `${PRELUDE}
local longest = now + ARGV[1] + ARGV[2]
${FREE_PLACES}
local scores = {}
for at, value in ipairs(redis.call('ZRANGE', places, 0, -1, 'WITHSCORES')) do if at % 2 == 0 then table.insert(scores, value) end end
return {now, redis.call('HMGET', window, 'version', 'pause', 'strikes', 'pace', 'reducedAtMs'), redis.call('HGETALL', calls), scores}
`

const WRITE = `${PRELUDE}
if (redis.call('HGET', window, 'version') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', window, 'version', ARGV[2], 'pause', ARGV[3], 'pauseEndsAtMs', ARGV[4], 'strikes', ARGV[5], 'pace', ARGV[6], 'reducedAtMs', ARGV[7])
if ARGV[1] == '' then redis.call('HSET', window, 'closedUntilMs', now + ARGV[8]) end
for at = 9, #ARGV, 2 do redis.call('HSET', calls, ARGV[at], ARGV[at + 1]) end
return 1
`

/**
 * The window in Redis: three keys in one slot of a cluster. `places` is sorted by when each becomes free; that
 * of a call under way by when it does so if its process never tells of its end. The scripts count and compare;
 * what the numbers mean is decided by those who call them, of whom one at a time succeeds in writing.
 */
export function createWindowScripts (redis: Redis, account: string, { windowMs, longestCallMs }: { windowMs: number, longestCallMs: number }): WindowScripts {
  const name = `ingest:{${createHash('sha256').update(account).digest('hex').slice(0, 16)}}`
  const keys = [`${name}:window`, `${name}:places`, `${name}:calls`]
  const [take, tell, read, write] = [TAKE, TELL, READ, WRITE].map((lua) => createScript(redis, lua, keys)) as [Script, Script, Script, Script]

  return {
    async take ({ version, pace, wanted, idPrefix }) {
      const [given, nowMs, occupied, waitMs] = await take(version, pace, wanted, idPrefix, windowMs, longestCallMs) as [number, number, number, number]
      return given < 0 ? null : { given, nowMs, occupied, waitMs }
    },
    async tell (all, nextVersion) {
      await tell(nextVersion, windowMs, longestCallMs, ...all.flatMap(({ id, givenAtMs, news }) => [
        id, givenAtMs, ...typeof news === 'string' ? [news, 0] : [Math.floor(news.endedAgoMs), news.answered ? 1 : 0],
      ]))
    },
    async read () {
      const [nowMs, [version, pause, strikes, pace, reducedAtMs], counts, scores] = await read(windowMs, longestCallMs) as [number, Array<string | null>, string[], string[]]
      const standing = { pause: JSON.parse(pause ?? 'null') as Standing['pause'], strikes: Number(strikes), reduced: { pace: Number(pace), atMs: Number(reducedAtMs) } }
      return {
        nowMs,
        shared: version == null ? null : { version, standing },
        callsByHour: Object.fromEntries(pairs(counts).map(([hour, calls]) => [hour, Number(calls)])),
        freeAtMs: scores.map(Number),
      }
    },
    write: async (expected, version, standing) => await write(expected, version, ...written(standing), 0) === 1,
    restore: async (version, standing, callsByHour, closedMs) => await write('', version, ...written(standing), closedMs, ...Object.entries(callsByHour).flat()) === 1,
  }
}

function written ({ pause, strikes, reduced }: Standing): Array<string | number> {
  return [JSON.stringify(pause), pause?.endsAtMs ?? 0, strikes, reduced.pace, reduced.atMs]
}

function pairs (flat: string[]): Array<[string, string]> {
  return flat.flatMap((value, index) => index % 2 === 0 ? [[value, flat[index + 1] ?? '']] : [])
}

type Script = (...args: Array<string | number>) => Promise<unknown>

/** Sent by its hash; in full where Redis does not know it (yet, or any more). */
function createScript (redis: Redis, lua: string, keys: string[]): Script {
  const hash = createHash('sha1').update(lua).digest('hex')
  return async (...args) => {
    try {
      return await redis.evalsha(hash, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await redis.eval(lua, keys.length, ...keys, ...args)
    }
  }
}

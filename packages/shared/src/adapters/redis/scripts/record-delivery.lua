-- One try at a delivery: its record, and when to try again (-1: never).
local id, made, attempts, status, delay = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local key = P .. 'delivery:' .. id
if redis.call('EXISTS', key) == 0 then
  redis.call('ZREM', P .. 'outbox', id)
  return 0
end
redis.call('HSET', key, 'made', made, 'attempts', attempts, 'status', status)
if delay < 0 then
  redis.call('HDEL', key, 'next')
  redis.call('ZREM', P .. 'outbox', id)
else
  local at = now() + delay
  -- A schedule of one's own may be longer than any retention: what is still to be tried is kept for as long.
  local event = P .. 'event:' .. redis.call('HGET', key, 'event')
  for _, kept in ipairs({ key, event }) do
    if redis.call('PTTL', kept) < delay + 86400000 then redis.call('PEXPIRE', kept, delay + 86400000) end
  end
  redis.call('HSET', key, 'next', at)
  redis.call('ZADD', P .. 'outbox', at, id)
  redis.call('PUBLISH', P .. 'wake', 'outbox')
end
return 1

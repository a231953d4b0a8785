-- One try at a delivery: its record, when to try again (-1: never), and what it tells of its target. A try that was given
-- up for lost meanwhile, or that a resend has overtaken, is only noted. Answers why its endpoint was disabled, or ''.
-- ARGV: delivery, how often it was taken, the try, status, wait, 1 where the endpoint says that it is gone,
-- ms of failures only after which it is disabled, id of the event that tells so, retention.
local id, taken, try, status, delay = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local gone, patience, event, retention = ARGV[6] == '1', tonumber(ARGV[7]), ARGV[8], ARGV[9]
local key = P .. 'delivery:' .. id
local row = redis.call('HMGET', key, 'taken', 'target', 'endpoint', 'project', 'event')
if not row[1] then return '' end
local target, endpoint = row[2], P .. 'endpoint:' .. row[3]
local list, failing = P .. 'outbox:' .. target, P .. 'failing:' .. target
local at = now()
local tried = cjson.decode(try)
-- An endpoint that has moved since: what its old URL said is not said of the new one, and the new one is asked.
local url = redis.call('HGET', endpoint, 'url')
local moved = url and url ~= tried.url
if moved and gone then status, delay = 'pending', 0 end
-- A client whose connection broke sends its command again: the first time counted.
if redis.call('LINDEX', key .. ':tries', -1) == try then return '' end
redis.call('RPUSH', key .. ':tries', try)
redis.call('LTRIM', key .. ':tries', -20, -1)

if row[1] == taken then
  redis.call('ZREM', P .. 'flying:' .. target, id)
  redis.call('HINCRBY', key, 'made', 1)
  redis.call('HSET', key, 'status', status)
  if delay < 0 then
    redis.call('HDEL', key, 'next')
    redis.call('ZREM', list, id)
  else
    -- A schedule of one's own may be longer than any retention: what is still to be tried is kept for as long.
    for _, kept in ipairs({ key, P .. 'event:' .. row[5] }) do
      if redis.call('PTTL', kept) < delay + 86400000 then redis.call('PEXPIRE', kept, delay + 86400000) end
    end
    redis.call('HSET', key, 'next', at + delay)
    redis.call('ZADD', list, at + delay, id)
  end
  local following = redis.call('ZRANGE', list, 0, 0, 'WITHSCORES')
  -- Behind the one that waited for its place.
  local passed = landed(row[4], id)
  if following[2] then redis.call('ZADD', P .. 'outbox', math.max(tonumber(following[2]), passed and at or 0), target) end
  if following[2] or passed then redis.call('PUBLISH', P .. 'wake', 'outbox') end
end
-- Of one that is kept for good there is no time, and a time of -1 would delete them.
local left = redis.call('PTTL', key)
if left > 0 then redis.call('PEXPIRE', key .. ':tries', left) else redis.call('PERSIST', key .. ':tries') end
if moved then return '' end

if tried.duration_ms >= SLOW_MS then redis.call('SET', P .. 'slow:' .. target, '1', 'PX', 3600000)
else redis.call('DEL', P .. 'slow:' .. target) end
if status == 'delivered' then
  redis.call('DEL', failing)
  return ''
end
redis.call('SET', failing, at, 'NX')
redis.call('PEXPIRE', failing, math.max(tonumber(retention), EVENT_MS))
local since = tonumber(redis.call('GET', failing))
if redis.call('HGET', endpoint, 'enabled') ~= '1' or not (gone or at - since >= patience) then return '' end
local reason = gone and 'gone' or 'failing'
redis.call('HSET', endpoint, 'enabled', '0', 'disabled', at, 'reason', reason)
redis.call('ZADD', P .. 'outbox', at, target)
local known = redis.call('HMGET', endpoint, 'name', 'url')
emit(row[4], event, 'webhook_endpoint.disabled', cjson.encode({ id = row[3], object = 'webhook_endpoint', name = known[1],
  url = known[2], reason = reason, failing_since = math.floor(since / 1000) }), '', retention)
return reason

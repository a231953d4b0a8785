-- Deliveries that are due, each lent to the caller for a moment: of each target as many as it may have under way, so that
-- one that is slow takes nobody's place. Answers { {id, how often it was taken, 1 where its target is known to keep one
-- waiting}, … } and when to ask again.
local limit, loan, concurrency = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local at = now()
local found = {}

-- An endpoint that is disabled or gone gets nothing: what waited for it has failed, and can be recovered from the log.
local function giveUp(list)
  for _, id in ipairs(redis.call('ZRANGE', list, 0, 499)) do
    local key = P .. 'delivery:' .. id
    if redis.call('EXISTS', key) == 1 then
      redis.call('HSET', key, 'status', 'failed')
      redis.call('HDEL', key, 'next')
    end
    redis.call('ZREM', list, id)
  end
end

-- When a target that is asked to be called at most so often a minute may be called, in milliseconds; a second's worth
-- may come at once. Kept as the time at which the calls made so far would have been due (GCRA).
local function turn(key, perMinute)
  local gap = 60000 / perMinute
  local due = math.max(at, tonumber(redis.call('GET', key) or '0'))
  local free = due - math.max(0, 1000 - gap)
  if free > at then return math.ceil(free) end
  redis.call('SET', key, due + gap, 'PX', math.ceil(due + gap - at) + 1000)
  return at
end

local function takeFrom(target)
  local list, flying = P .. 'outbox:' .. target, P .. 'flying:' .. target
  redis.call('ZREMRANGEBYSCORE', flying, '-inf', at)
  local again = 0
  local row = { '1', false }
  if string.sub(target, 1, 4) ~= 'url:' then row = redis.call('HMGET', P .. 'endpoint:' .. target, 'enabled', 'rate') end
  if row[1] ~= '1' then
    giveUp(list)
  else
    -- One that does not take what it gets is asked one at a time.
    local fails = redis.call('EXISTS', P .. 'failing:' .. target)
    local slow = math.max(fails, redis.call('EXISTS', P .. 'slow:' .. target))
    local most = fails == 1 and 1 or concurrency
    local room = math.min(most - redis.call('ZCARD', flying), limit - #found)
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', list, '-inf', at, 'LIMIT', 0, math.max(0, room))) do
      if redis.call('HGET', P .. 'delivery:' .. id, 'status') ~= 'pending' then
        redis.call('ZREM', list, id)
      else
        local rate = tonumber(row[2] or '')
        again = rate and turn(P .. 'turn:' .. target, rate) or at
        if again > at then break end
        room = room - 1
        redis.call('ZADD', list, at + loan, id)
        redis.call('ZADD', flying, at + loan, id)
        redis.call('PEXPIRE', flying, loan)
        found[#found + 1] = { id, redis.call('HINCRBY', P .. 'delivery:' .. id, 'taken', 1), slow }
      end
    end
    -- What is recorded frees a place, and asks again.
    if room <= 0 and #found < limit then
      local first = redis.call('ZRANGE', flying, 0, 0, 'WITHSCORES')
      again = math.max(again, tonumber(first[2] or at))
    end
  end
  local following = redis.call('ZRANGE', list, 0, 0, 'WITHSCORES')
  if following[2] and row[1] ~= '1' then redis.call('ZADD', P .. 'outbox', at, target)
  elseif following[2] then redis.call('ZADD', P .. 'outbox', math.max(tonumber(following[2]), again), target)
  else redis.call('ZREM', P .. 'outbox', target) end
end

for _, target in ipairs(redis.call('ZRANGEBYSCORE', P .. 'outbox', '-inf', at, 'LIMIT', 0, 100)) do
  if #found < limit then takeFrom(target) end
end
local first = redis.call('ZRANGE', P .. 'outbox', 0, 0, 'WITHSCORES')
return { found, first[2] and math.max(0, tonumber(first[2]) - at) or -1 }

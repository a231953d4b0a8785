-- Deliveries that are due, each lent to the caller for a moment: of each target and of each project as many as it may have
-- under way, so that one that is slow takes nobody's place. Answers { {id, how often it was taken, 1 where its target is known to keep one
-- waiting}, … } and when to ask again.
local limit, loan, concurrency, perProject = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
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

-- How many more of a project may be under way in a lane, kept for this round; and when the first of them ends at the latest.
local rooms = {}
local function roomOf(project, lane)
  local key = flyingOf(project, lane)
  if not rooms[key] then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', at)
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    rooms[key] = { key = key, held = heldOf(project, lane), left = perProject - redis.call('ZCARD', key),
      frees = tonumber(first[2] or at + loan) }
  end
  return rooms[key]
end

local function takeFrom(target)
  local list, flying = P .. 'outbox:' .. target, P .. 'flying:' .. target
  redis.call('ZREMRANGEBYSCORE', flying, '-inf', at)
  local again = 0
  local row = { '1', false, string.match(target, '^url:([^:]*):') }
  if not row[3] then row = redis.call('HMGET', P .. 'endpoint:' .. target, 'enabled', 'rate', 'project') end
  if row[1] ~= '1' then
    giveUp(list)
  else
    -- One that does not take what it gets is asked one at a time.
    local fails = redis.call('EXISTS', P .. 'failing:' .. target)
    local slow = math.max(fails, redis.call('EXISTS', P .. 'slow:' .. target))
    local most = fails == 1 and 1 or concurrency
    local lane = LANES[slow + 1]
    local of = roomOf(row[3], lane)
    redis.call('ZREM', of.held, target)
    local own = most - redis.call('ZCARD', flying)
    local room = math.min(own, of.left, limit - #found)
    local full = own > 0 and of.left <= 0
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
        redis.call('ZADD', of.key, at + loan, id)
        redis.call('PEXPIRE', of.key, loan)
        own, of.left = own - 1, of.left - 1
        full = own > 0 and of.left <= 0
        found[#found + 1] = { id, redis.call('HINCRBY', P .. 'delivery:' .. id, 'taken', 1), slow }
      end
    end
    -- What is recorded frees a place, and asks again: the project's first in line, or this one.
    if full and redis.call('ZCOUNT', list, '-inf', at) > 0 then
      redis.call('ZADD', of.held, at, target)
      redis.call('PEXPIRE', of.held, 2 * loan)
      again = math.max(again, of.frees)
    elseif room <= 0 and #found < limit then
      local first = redis.call('ZRANGE', flying, 0, 0, 'WITHSCORES')
      again = math.max(again, tonumber(first[2] or at))
    end
  end
  local following = redis.call('ZRANGE', list, 0, 0, 'WITHSCORES')
  if following[2] and row[1] ~= '1' then redis.call('ZADD', P .. 'outbox', at, target)
  elseif following[2] then redis.call('ZADD', P .. 'outbox', math.max(tonumber(following[2]), again), target)
  else redis.call('ZREM', P .. 'outbox', target) end
end

-- Targets whose project has no place are many at once, and leave the list for a while: beyond them others wait.
for _ = 1, 10 do
  local targets = redis.call('ZRANGEBYSCORE', P .. 'outbox', '-inf', at, 'LIMIT', 0, 100)
  for _, target in ipairs(targets) do
    if #found < limit then takeFrom(target) end
  end
  if #targets < 100 or #found >= limit then break end
end
-- Places that nobody took who was asked (its pace is slower, what waited is gone) go to who waits for one.
for _, of in pairs(rooms) do
  for _ = 1, 100 do
    if of.left <= 0 or #found >= limit then break end
    local waiting = redis.call('ZPOPMIN', of.held)[1]
    if not waiting then break end
    takeFrom(waiting)
  end
end
local first = redis.call('ZRANGE', P .. 'outbox', 0, 0, 'WITHSCORES')
return { found, first[2] and math.max(0, tonumber(first[2]) - at) or -1 }

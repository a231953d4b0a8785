-- A permit at the best of these accounts, or how long to wait for one. Bound as late as this: the caller has no job yet.
-- ARGV: permit id, images, lease ms, window margin ms, then per account: id, the model where it is counted apart ('': it
-- is not), rank (lower first), weight, and the limits of the account and of the model: each concurrency, requests/min,
-- images/min, requests/day, images/month (0: no limit), burst (0: none is known).
-- Answers {account id, day, month, time, paced} with the counters it counts in and 1 where its requests or images are
-- limited by the minute, or {'', wait in ms}; -1: until somebody gives one back.
local permit, images, lease, margin = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local at = now()
local MINUTE, HOUR, DAY = 60000, 3600000, 86400000
local day, month = math.floor(at / DAY), calendarMonth(at)

-- A log of what was sent in the last minute: safe whatever the provider counts with. The margin covers the way there.
local function windowWait(key, limit, weight)
  if limit == 0 then return 0, 0 end
  -- Jobs that were routed under a larger limit: a call that is larger than the window goes alone, rather than never.
  weight = math.min(weight, limit)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', at - MINUTE - margin)
  local count = redis.call('ZCARD', key)
  if count + weight <= limit then return 0, count / limit end
  -- Room comes when the entry leaves that makes it.
  local index = math.min(count, count + weight - limit) - 1
  local entry = redis.call('ZRANGE', key, index, index, 'WITHSCORES')
  return math.max(1, tonumber(entry[2]) + MINUTE + margin - at), 1
end

-- A bucket that holds `burst` requests and is filled again evenly: for a provider that is known to count so. Kept as the
-- time at which it is full again.
local function bucketWait(key, perMinute, burst)
  local full = tonumber(redis.call('GET', key) or '0')
  if full <= at then return 0, 0 end
  local wait = full - MINUTE / perMinute * (burst - 1) - at
  return wait > 0 and math.ceil(wait + margin) or 0, math.min(1, (full - at) / (MINUTE / perMinute * burst))
end

local function counterWait(key, limit, weight, reset)
  if limit == 0 or tonumber(redis.call('GET', key) or '0') + weight <= limit then return 0 end
  return math.max(1, reset - at)
end

-- How an account's book, or a model's at an account, stands for one more call: its limits are the six arguments from `i`.
local function look(key, i)
  local limit = {}
  for k = 1, 6 do limit[k] = tonumber(ARGV[i + k - 1]) end
  redis.call('ZREMRANGEBYSCORE', key .. 'leases', '-inf', at)
  limit[1], limit[2] = concurrencyOf(key, limit[1]), requestsOf(key, limit[2])
  local active = redis.call('ZCARD', key .. 'leases')
  local bucket = limit[2] > 0 and limit[6] > 0
  local requestWait, requestUse
  if bucket then
    requestWait, requestUse = bucketWait(key .. 'bucket', limit[2], limit[6])
  else
    requestWait, requestUse = windowWait(key .. 'requests', limit[2], 1)
  end
  local imageWait, imageUse = windowWait(key .. 'images', limit[3], images)
  local rest, due, tried = asideOf(key, at)
  local pause = math.max(rest, redis.call('PTTL', key .. 'cool'), requestWait, imageWait,
    counterWait(key .. 'day:' .. day, limit[4], 1, (day + 1) * DAY),
    -- The next month may be far: it is asked for again every hour.
    counterWait(key .. 'month:' .. month, limit[5], images, at + HOUR))
  return { key = key, limit = limit, bucket = bucket, due = due, pause = pause,
    -- One that was set aside is tried again by one call at a time.
    free = active < limit[1] and not tried, use = math.max(active / limit[1], requestUse, imageUse) }
end

local function take(book)
  local key, limit = book.key, book.limit
  redis.call('ZADD', key .. 'leases', at + lease, permit)
  for _, why in ipairs(book.due) do redis.call('HSET', key .. why, 'trial', permit) end
  -- Logged without a limit too: an answer may tell one that counts what was sent before it was known.
  if limit[2] == 0 then redis.call('ZREMRANGEBYSCORE', key .. 'requests', '-inf', at - MINUTE - margin) end
  redis.call('ZADD', key .. 'requests', at, permit)
  redis.call('PEXPIRE', key .. 'requests', 2 * MINUTE)
  if book.bucket then
    local full = math.max(at, tonumber(redis.call('GET', key .. 'bucket') or '0')) + MINUTE / limit[2]
    redis.call('SET', key .. 'bucket', string.format('%.0f', full), 'PX', math.ceil(full - at) + MINUTE)
  end
  if limit[3] > 0 then
    for k = 1, images do redis.call('ZADD', key .. 'images', at, permit .. ':' .. k) end
    redis.call('PEXPIRE', key .. 'images', 2 * MINUTE)
  end
  if limit[4] > 0 then
    redis.call('INCR', key .. 'day:' .. day)
    redis.call('PEXPIRE', key .. 'day:' .. day, 2 * DAY)
  end
  if limit[5] > 0 then
    redis.call('INCRBY', key .. 'month:' .. month, images)
    redis.call('PEXPIRE', key .. 'month:' .. month, 40 * DAY)
  end
end

-- The same question again, by a connection that broke before it heard the answer: one call counts at one account.
for i = 5, #ARGV, 16 do
  local books = { P .. 'account:' .. ARGV[i] .. ':' }
  local ends = redis.call('ZSCORE', books[1] .. 'leases', permit)
  if ends then
    if ARGV[i + 1] ~= '' then books[2] = books[1] .. 'model:' .. ARGV[i + 1] .. ':' end
    local paced = 0
    for k, key in ipairs(books) do
      local first = i + 4 + 6 * (k - 1)
      if requestsOf(key, tonumber(ARGV[first + 1])) > 0 or tonumber(ARGV[first + 2]) > 0 then paced = 1 end
    end
    return { ARGV[i], day, month, tonumber(ends) - lease, paced }
  end
end

local best, shortest = nil, nil
for i = 5, #ARGV, 16 do
  local id, model, rank, weight = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local books = { look(P .. 'account:' .. id .. ':', i + 4) }
  if model ~= '' then books[2] = look(P .. 'account:' .. id .. ':model:' .. model .. ':', i + 10) end
  local pause, use, free = 0, 0, true
  for _, book in ipairs(books) do
    pause, use, free = math.max(pause, book.pause), math.max(use, book.use / weight), free and book.free
  end
  if pause > 0 then
    shortest = math.min(shortest or pause, pause)
  elseif free and (best == nil or rank < best.rank or (rank == best.rank and use < best.use)) then
    best = { id = id, books = books, rank = rank, use = use }
  end
end
if best == nil then return { '', shortest or -1 } end
local paced = 0
for _, book in ipairs(best.books) do
  take(book)
  if book.limit[2] > 0 or book.limit[3] > 0 then paced = 1 end
end
return { best.id, day, month, at, paced }

-- What an attempt came to. Unfenced and idempotent: a zombie's money is spent too. The first answer stands, except
-- that a later certainty replaces 'unknown'. Answers 1 where it changed something: then it is counted, in the same step.
-- ARGV: job, attempt, outcome, settlement, checkpoint, pictures that came, cost in micro-dollars ('': unknown), end of the
-- call in ms, what is wrong with the account ('': nothing), days that usage is kept, then the bounds of response times.
local id, number, outcome, settlement, checkpoint = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local pictures, cost, ended, fault, days = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8]), ARGV[9], tonumber(ARGV[10])
local key = jobKey(id)
local entry = redis.call('HGET', key, 'o:' .. number)
if not entry then return 0 end
local place, old = string.match(entry, '^(%d+:%d+):([%a_]+)$')
if old ~= 'open' and not (old == 'unknown' and outcome ~= 'unknown') then return 0 end
redis.call('HSET', key, 'o:' .. number, place .. ':' .. outcome, 's:' .. number, settlement)
if checkpoint ~= '' then redis.call('HSET', key, 'c:' .. number, checkpoint) end
redis.call('HINCRBY', key, 'version', 1)

local DAY = 86400000
local job = redis.call('HMGET', key, 'project', 'a:' .. number, 'u:' .. number, 'batch')
local project, intent, unknownCost = job[1], cjson.decode(job[2]), job[3]
local day = math.floor(intent.started_at / DAY)
local batch = job[4] or ''
local model = intent.model or 'unknown'

-- Adds one attempt to the books of its day, and of its batch where it has one, or takes it out of them.
local function count(what, price, sign)
  local usage = P .. 'usage:' .. project .. ':' .. day
  local function named(name) return intent.provider .. '|' .. name .. '|' .. model end
  -- An account that takes any model's name must not fill Redis with them: beyond some hundred they are counted together.
  if redis.call('HEXISTS', usage, named('requests')) == 0 and redis.call('HLEN', usage) > 4000 then model = '(other)' end
  -- Never by 0: taken back it would be Lua's -0, which is no integer to Redis.
  local function grow(book, name, by) if by ~= 0 then redis.call('HINCRBY', book, name, by * sign) end end
  local function add(name, by)
    grow(usage, named(name), by)
    if batch ~= '' then grow(batchKey(batch) .. ':usage', day .. '|' .. named(name), by) end
  end
  add('requests', 1)
  add(what, 1)
  if what == 'billed' or what == 'unknown' then
    local spend = P .. 'account:' .. intent.provider .. ':spend:' .. day
    if price == '' then
      add(what .. '_unpriced', 1)
      grow(spend, what .. '_unpriced', 1)
    else
      add(what .. '_cost', tonumber(price))
      grow(spend, what, tonumber(price))
    end
    redis.call('PEXPIRE', spend, 2 * DAY)
  end
  if what == 'billed' and pictures > 0 then
    local ms = math.max(0, ended - intent.started_at)
    local bucket = 11
    while ARGV[bucket] and ms > tonumber(ARGV[bucket]) do bucket = bucket + 1 end
    add('successes', 1)
    add('images', pictures)
    add('ms', ms)
    add('within_' .. (bucket - 10), 1)
  end
  if what == 'billed' and price ~= '' then add('priced_images', pictures) end
  redis.call('PEXPIRE', usage, days * DAY)
  if batch ~= '' then
    redis.call('SADD', usage .. ':batches', batch)
    redis.call('PEXPIRE', usage .. ':batches', days * DAY)
  end
end

-- Unknown outcomes have a list of their own, and their cost beside them to be taken back by.
if unknownCost then
  redis.call('HDEL', key, 'u:' .. number)
  redis.call('ZREM', P .. 'unknown:' .. project, number .. ':' .. id)
  count('unknown', unknownCost, -1)
end
count(outcome, cost, 1)
if outcome == 'unknown' then
  redis.call('HSET', key, 'u:' .. number, cost)
  redis.call('ZADD', P .. 'unknown:' .. project, intent.started_at, number .. ':' .. id)
end
if fault ~= '' then redis.call('SET', P .. 'account:' .. intent.provider .. ':error', fault, 'PX', 7 * DAY) end
return 1

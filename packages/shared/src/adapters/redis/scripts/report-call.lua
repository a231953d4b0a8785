-- Gives back the permit of a call that was made, and judges its account by what the call told: one step, so that nobody
-- takes the next permit by what was true before.
-- ARGV: permit, news, pause in ms that was asked for (0: none), reason, when the permit was taken, which book the news is
-- about (1: the account's, 2: the model's), requests/min that the answer told (0: it did not), for how long it said they
-- are used up, which book these are about, requests in our log of its minute when the call was sent (-1: not asked); then the name and the configured concurrency of the account's book, and of the
-- model's where it is counted apart.
-- Answers {change, value, book}: {'parked', ms}, {'circuit_opened', ms}, {'recovered', 0}, {'slowed', calls} or {'', 0}.
local permit, news, pause, reason = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local takenAt, told, usedUp, logged = tonumber(ARGV[5]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[10])
local at = now()
local SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000
-- So many failures in a row open the circuit: one job's own retries alone need 15 s for that.
local RUN = 5
local change = { '', 0, 1 }

local books = {}
for i = 11, #ARGV, 2 do
  books[#books + 1] = { number = #books + 1, key = P .. 'account:' .. ARGV[i] .. ':', configured = tonumber(ARGV[i + 1]) }
end
local about, toldOf = books[tonumber(ARGV[6])], books[tonumber(ARGV[9])]

-- An account that is set aside is moved by the call that tries it alone: those that were under way when it was set
-- aside tell of before, and a hundred of them must not make its time a hundred times longer.
local function mayMove(book, why)
  local row = redis.call('HMGET', book.key .. why, 'until', 'trial')
  return not row[1] or row[2] == permit
end

-- Each time in a row twice as long.
local function setAside(book, why, word, first, longest)
  local hash = book.key .. why
  local step = redis.call('HINCRBY', hash, 'step', 1)
  local rest = math.min(longest, first * 2 ^ math.min(step - 1, 20))
  redis.call('HSET', hash, 'until', at + rest, 'reason', reason)
  redis.call('HSETNX', hash, 'since', at)
  redis.call('HDEL', hash, 'trial')
  redis.call('PEXPIRE', hash, rest + DAY)
  change = { word, rest, book.number }
end

-- Half the calls that were in flight when there were too many, once for all that were. `brim` remembers how many.
local function slowDown(book)
  local key = book.key
  local pace = redis.call('HMGET', key .. 'pace', 'limit', 'cut')
  if pace[2] and takenAt <= tonumber(pace[2]) then return end
  redis.call('ZREMRANGEBYSCORE', key .. 'leases', '-inf', at)
  local active = redis.call('ZCARD', key .. 'leases')
  -- A lone call cannot have been one too many: there the pause says it all.
  if active < 2 then return end
  local limit = math.floor(active / 2)
  redis.call('HSET', key .. 'pace', 'limit', limit, 'brim', active, 'cut', at, 'moved', at)
  redis.call('PEXPIRE', key .. 'pace', HOUR)
  change = { 'slowed', limit, book.number }
end

-- One more call at a time: every five seconds while that is fewer than were too many, every minute from there.
local function speedUp(book)
  local key = book.key
  local pace = redis.call('HMGET', key .. 'pace', 'limit', 'brim', 'moved')
  if not pace[1] then return end
  local limit = tonumber(pace[1]) + 1
  if at - tonumber(pace[3]) < (limit < tonumber(pace[2]) and 5 * SECOND or MINUTE) then return end
  if limit >= book.configured then
    redis.call('DEL', key .. 'pace')
  else
    redis.call('HSET', key .. 'pace', 'limit', limit, 'moved', at)
    redis.call('PEXPIRE', key .. 'pace', HOUR)
  end
end

local function countFailure(book)
  local hash = book.key .. 'circuit'
  -- A connection that broke tells of it again: it failed once.
  if redis.call('HGET', hash, 'last') == permit then return end
  redis.call('HSET', hash, 'last', permit)
  if redis.call('HEXISTS', hash, 'until') == 1 or redis.call('HINCRBY', hash, 'failures', 1) >= RUN then
    -- At the longest a dozen trials an hour: each may cost money.
    setAside(book, 'circuit', 'circuit_opened', SECOND, 5 * MINUTE)
  else
    redis.call('PEXPIRE', hash, HOUR)
  end
end

if news == 'served' then
  for _, book in ipairs(books) do
    speedUp(book)
    for _, why in ipairs(ASIDE) do
      if mayMove(book, why) then
        if redis.call('HEXISTS', book.key .. why, 'until') == 1 then change = { 'recovered', 0, book.number } end
        redis.call('DEL', book.key .. why)
      end
    end
  end
elseif news == 'limited' then
  slowDown(about)
elseif news == 'parked' and mayMove(about, 'park') then
  setAside(about, 'park', 'parked', MINUTE, HOUR)
elseif news == 'failed' and mayMove(about, 'circuit') then
  countFailure(about)
end

-- A longer pause stands.
local function rest(book, ms)
  if ms > 0 and ms > redis.call('PTTL', book.key .. 'cool') then redis.call('SET', book.key .. 'cool', '1', 'PX', ms) end
end
if told > 0 then redis.call('SET', toldOf.key .. 'told', told, 'PX', 10 * MINUTE) end
-- Requests that are used up by ourselves need no pause: the log of the minute knows when there is room again. Where it
-- knew of fewer when the call was sent, somebody else uses the key, or the provider counts its own way. By now some of
-- them have left it: asked now, a limit that is used in full would look shared, and rest for a minute.
if logged < 0 then logged = redis.call('ZCOUNT', toldOf.key .. 'requests', takenAt - MINUTE, '+inf') end
if told == 0 or logged < told then rest(toldOf, usedUp) end
rest(about, pause)
for _, book in ipairs(books) do redis.call('ZREM', book.key .. 'leases', permit) end
redis.call('PUBLISH', P .. 'wake', 'permit')
return change

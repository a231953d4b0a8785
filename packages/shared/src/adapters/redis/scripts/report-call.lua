-- Gives back the permit of a call that was made, and judges its account by what the call told: one step, so that nobody
-- takes the next permit by what was true before.
-- ARGV: account, permit, news, pause in ms that the account asked for (0: none), reason, when the permit was taken,
-- concurrency as configured, requests/min that the answer told (0: it did not), for how long it said they are used up,
-- requests in our log of the minute when it was sent (-1: not asked).
-- Answers {change, value}: {'parked', ms}, {'circuit_opened', ms}, {'recovered', 0}, {'slowed', calls} or {'', 0}.
local account, permit, news, pause, reason = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local takenAt, configured = tonumber(ARGV[6]), tonumber(ARGV[7])
local told, usedUp, logged = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local key = P .. 'account:' .. account .. ':'
local at = now()
local SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000
-- So many failures in a row open the circuit: one job's own retries alone need 15 s for that.
local RUN = 5
local change = { '', 0 }

-- An account that is set aside is moved by the call that tries it alone: those that were under way when it was set
-- aside tell of before, and a hundred of them must not make its time a hundred times longer.
local function mayMove(why)
  local row = redis.call('HMGET', key .. why, 'until', 'trial')
  return not row[1] or row[2] == permit
end

-- Each time in a row twice as long.
local function setAside(why, word, first, longest)
  local hash = key .. why
  local step = redis.call('HINCRBY', hash, 'step', 1)
  local rest = math.min(longest, first * 2 ^ math.min(step - 1, 20))
  redis.call('HSET', hash, 'until', at + rest, 'reason', reason)
  redis.call('HSETNX', hash, 'since', at)
  redis.call('HDEL', hash, 'trial')
  redis.call('PEXPIRE', hash, rest + DAY)
  change = { word, rest }
end

-- Half the calls that were in flight when there were too many, once for all that were. `brim` remembers how many.
local function slowDown()
  local pace = redis.call('HMGET', key .. 'pace', 'limit', 'cut')
  if pace[2] and takenAt <= tonumber(pace[2]) then return end
  redis.call('ZREMRANGEBYSCORE', key .. 'leases', '-inf', at)
  local active = redis.call('ZCARD', key .. 'leases')
  -- A lone call cannot have been one too many: there the pause says it all.
  if active < 2 then return end
  local limit = math.floor(active / 2)
  redis.call('HSET', key .. 'pace', 'limit', limit, 'brim', active, 'cut', at, 'moved', at)
  redis.call('PEXPIRE', key .. 'pace', HOUR)
  change = { 'slowed', limit }
end

-- One more call at a time: every five seconds while that is fewer than were too many, every minute from there.
local function speedUp()
  local pace = redis.call('HMGET', key .. 'pace', 'limit', 'brim', 'moved')
  if not pace[1] then return end
  local limit = tonumber(pace[1]) + 1
  if at - tonumber(pace[3]) < (limit < tonumber(pace[2]) and 5 * SECOND or MINUTE) then return end
  if limit >= configured then
    redis.call('DEL', key .. 'pace')
  else
    redis.call('HSET', key .. 'pace', 'limit', limit, 'moved', at)
    redis.call('PEXPIRE', key .. 'pace', HOUR)
  end
end

if news == 'served' then
  speedUp()
  for _, why in ipairs(ASIDE) do
    if mayMove(why) then
      if redis.call('HEXISTS', key .. why, 'until') == 1 then change = { 'recovered', 0 } end
      redis.call('DEL', key .. why)
    end
  end
elseif news == 'limited' then
  slowDown()
elseif news == 'parked' and mayMove('park') then
  setAside('park', 'parked', MINUTE, HOUR)
elseif news == 'failed' and mayMove('circuit') then
  local hash = key .. 'circuit'
  if redis.call('HEXISTS', hash, 'until') == 1 or redis.call('HINCRBY', hash, 'failures', 1) >= RUN then
    -- At the longest a dozen trials an hour: each may cost money.
    setAside('circuit', 'circuit_opened', SECOND, 5 * MINUTE)
  else
    redis.call('PEXPIRE', hash, HOUR)
  end
end

if told > 0 then redis.call('SET', key .. 'told', told, 'PX', 10 * MINUTE) end
-- Requests that are used up by ourselves need no pause: the log of the minute knows when there is room again. Where it
-- knew of fewer when the call was sent, somebody else uses the key, or the provider counts its own way. By now some of
-- them have left it: asked now, a limit that is used in full would look shared, and rest for a minute.
if logged < 0 then logged = redis.call('ZCOUNT', key .. 'requests', takenAt - MINUTE, '+inf') end
if usedUp > 0 and (told == 0 or logged < told) then pause = math.max(pause, usedUp) end
-- A longer pause stands.
if pause > 0 and pause > redis.call('PTTL', key .. 'cool') then redis.call('SET', key .. 'cool', '1', 'PX', pause) end
redis.call('ZREM', key .. 'leases', permit)
redis.call('PUBLISH', P .. 'wake', 'permit')
return change

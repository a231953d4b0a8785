-- Gives back the permit of a call that was made, and judges its account by what the call told: one step, so that nobody
-- takes the next permit by what was true before.
-- ARGV: account, permit, news, pause in ms that the account asked for (0: none), reason.
-- Answers {change, value}: {'parked', ms}, {'circuit_opened', ms}, {'recovered', 0} or {'', 0}.
local account, permit, news, pause, reason = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
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

if news == 'served' then
  for _, why in ipairs(ASIDE) do
    if mayMove(why) then
      if redis.call('HEXISTS', key .. why, 'until') == 1 then change = { 'recovered', 0 } end
      redis.call('DEL', key .. why)
    end
  end
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

-- A longer pause stands.
if pause > 0 and pause > redis.call('PTTL', key .. 'cool') then redis.call('SET', key .. 'cool', '1', 'PX', pause) end
redis.call('ZREM', key .. 'leases', permit)
redis.call('PUBLISH', P .. 'wake', 'permit')
return change

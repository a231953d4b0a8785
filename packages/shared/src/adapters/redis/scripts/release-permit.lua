-- Gives a permit back with which no call was made, so the windows and counters forget it too: those of the day and
-- month in which it was taken, which may be over by now.
-- ARGV: account, permit, images, day, month, what one request takes from the account's bucket (ms; 0: it has none).
local account, permit, images, day, month = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local share = tonumber(ARGV[6])
local key = P .. 'account:' .. account .. ':'
local held = redis.call('ZREM', key .. 'leases', permit)
if held == 1 then
  redis.call('ZREM', key .. 'requests', permit)
  for k = 1, images do redis.call('ZREM', key .. 'images', permit .. ':' .. k) end
  local full = share > 0 and redis.call('GET', key .. 'bucket')
  if full then redis.call('SET', key .. 'bucket', string.format('%.0f', tonumber(full) - share), 'KEEPTTL') end
  local dayKey, monthKey = key .. 'day:' .. day, key .. 'month:' .. month
  if redis.call('EXISTS', dayKey) == 1 then redis.call('DECR', dayKey) end
  if redis.call('EXISTS', monthKey) == 1 then redis.call('DECRBY', monthKey, images) end
end
redis.call('PUBLISH', P .. 'wake', 'permit')
return held

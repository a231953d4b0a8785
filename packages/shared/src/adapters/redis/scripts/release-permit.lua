-- Gives a permit back. 'unused': no call was made with it, so the windows and counters forget it too:
-- those of the day and month in which it was taken, which may be over by now.
local account, permit, images, how = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local day, month = ARGV[5], ARGV[6]
local key = P .. 'account:' .. account .. ':'
local held = redis.call('ZREM', key .. 'leases', permit)
if how == 'unused' and held == 1 then
  redis.call('ZREM', key .. 'requests', permit)
  for k = 1, images do redis.call('ZREM', key .. 'images', permit .. ':' .. k) end
  local dayKey, monthKey = key .. 'day:' .. day, key .. 'month:' .. month
  if redis.call('EXISTS', dayKey) == 1 then redis.call('DECR', dayKey) end
  if redis.call('EXISTS', monthKey) == 1 then redis.call('DECRBY', monthKey, images) end
end
redis.call('PUBLISH', P .. 'wake', 'permit')
return held

-- Gives a permit back. 'unused': no call was made with it, so the windows and counters forget it too.
local account, permit, images, how = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local key = P .. 'account:' .. account .. ':'
local held = redis.call('ZREM', key .. 'leases', permit)
if how == 'unused' and held == 1 then
  local at = now()
  local day, month = key .. 'day:' .. math.floor(at / 86400000), key .. 'month:' .. calendarMonth(at)
  redis.call('ZREM', key .. 'requests', permit)
  for k = 1, images do redis.call('ZREM', key .. 'images', permit .. ':' .. k) end
  if redis.call('EXISTS', day) == 1 then redis.call('DECR', day) end
  if redis.call('EXISTS', month) == 1 then redis.call('DECRBY', month, images) end
end
redis.call('PUBLISH', P .. 'wake', 'permit')
return held

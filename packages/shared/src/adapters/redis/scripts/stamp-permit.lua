-- The call of a permit is sent only now: the windows count from here. Answers 1, or 0 where the permit is too old to be
-- moved, for others may have had its place. ARGV: account, permit, images, requests/min, images/min (0: no limit).
local account, permit, images = ARGV[1], ARGV[2], tonumber(ARGV[3])
local key = P .. 'account:' .. account .. ':'
local at = now()
local lease = redis.call('ZSCORE', key .. 'leases', permit)
if not lease or tonumber(lease) <= at then return 0 end
local function isRecent(list, member)
  local stamp = redis.call('ZSCORE', list, member)
  return stamp and tonumber(stamp) > at - 60000
end
if ARGV[4] ~= '0' and not isRecent(key .. 'requests', permit) then return 0 end
if ARGV[5] ~= '0' and not isRecent(key .. 'images', permit .. ':1') then return 0 end
redis.call('ZADD', key .. 'requests', 'XX', at, permit)
for k = 1, images do redis.call('ZADD', key .. 'images', 'XX', at, permit .. ':' .. k) end
return 1

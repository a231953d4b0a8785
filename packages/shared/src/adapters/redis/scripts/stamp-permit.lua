-- The call of a permit is sent only now: the windows count from here. Answers 1, or 0 where the permit is too old to be
-- moved, for others may have had its place. ARGV: permit, images, then of the account's book, and of the model's where it is
-- counted apart: its name, requests/min, images/min (0: no limit).
local permit, images = ARGV[1], tonumber(ARGV[2])
local at = now()
local function isRecent(list, member)
  local stamp = redis.call('ZSCORE', list, member)
  return stamp and tonumber(stamp) > at - 60000
end
for i = 3, #ARGV, 3 do
  local key = P .. 'account:' .. ARGV[i] .. ':'
  local lease = redis.call('ZSCORE', key .. 'leases', permit)
  if not lease or tonumber(lease) <= at then return 0 end
  if ARGV[i + 1] ~= '0' and not isRecent(key .. 'requests', permit) then return 0 end
  if ARGV[i + 2] ~= '0' and not isRecent(key .. 'images', permit .. ':1') then return 0 end
end
for i = 3, #ARGV, 3 do
  local key = P .. 'account:' .. ARGV[i] .. ':'
  redis.call('ZADD', key .. 'requests', 'XX', at, permit)
  for k = 1, images do redis.call('ZADD', key .. 'images', 'XX', at, permit .. ':' .. k) end
end
return 1

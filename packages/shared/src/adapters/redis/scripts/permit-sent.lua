-- The call of a permit is on its way: the minute and the bucket count from here, not from when it was taken.
-- ARGV: account, permit, images, window margin ms, what one request takes from the bucket (ms; 0: it has none).
-- Answers how many requests the log of the minute has, this one among them.
local account, permit, images = ARGV[1], ARGV[2], tonumber(ARGV[3])
local margin, share = tonumber(ARGV[4]), tonumber(ARGV[5])
local key = P .. 'account:' .. account .. ':'
local at = now()
redis.call('ZADD', key .. 'requests', 'XX', at, permit)
for k = 1, images do redis.call('ZADD', key .. 'images', 'XX', at, permit .. ':' .. k) end
if share > 0 then
  local full = math.max(at + share, tonumber(redis.call('GET', key .. 'bucket') or '0'))
  redis.call('SET', key .. 'bucket', string.format('%.0f', full), 'PX', math.ceil(full - at) + 60000)
end
return redis.call('ZCOUNT', key .. 'requests', at - 60000 - margin, '+inf')

-- The call of a permit is on its way: the minute and the bucket count from here, not from when it was taken.
-- ARGV: permit, images, window margin ms, then of the account's book, and of the model's where it is counted apart: its name
-- and what one request takes from its bucket (ms; 0: it has none).
-- Answers how many requests the log of the minute of each book has, this one among them.
local permit, images, margin = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local at = now()
local logged = {}
for i = 4, #ARGV, 2 do
  local key, share = P .. 'account:' .. ARGV[i] .. ':', tonumber(ARGV[i + 1])
  redis.call('ZADD', key .. 'requests', 'XX', at, permit)
  for k = 1, images do redis.call('ZADD', key .. 'images', 'XX', at, permit .. ':' .. k) end
  if share > 0 then
    local full = math.max(at + share, tonumber(redis.call('GET', key .. 'bucket') or '0'))
    redis.call('SET', key .. 'bucket', string.format('%.0f', full), 'PX', math.ceil(full - at) + 60000)
  end
  logged[#logged + 1] = redis.call('ZCOUNT', key .. 'requests', at - 60000 - margin, '+inf')
end
return logged

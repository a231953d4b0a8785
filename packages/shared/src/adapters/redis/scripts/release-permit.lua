-- Gives a permit back with which no call was made, so the windows and counters forget it too: those of the day and
-- month in which it was taken, which may be over by now.
-- ARGV: permit, images, day, month, then of the account's book, and of the model's where it is counted apart: its name and
-- what one request takes from its bucket (ms; 0: it has none).
local permit, images, day, month = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local answer = 0
for i = 5, #ARGV, 2 do
  local key, share = P .. 'account:' .. ARGV[i] .. ':', tonumber(ARGV[i + 1])
  if redis.call('ZREM', key .. 'leases', permit) == 1 then
    answer = 1
    redis.call('ZREM', key .. 'requests', permit)
    for k = 1, images do redis.call('ZREM', key .. 'images', permit .. ':' .. k) end
    local full = share > 0 and redis.call('GET', key .. 'bucket')
    if full then redis.call('SET', key .. 'bucket', string.format('%.0f', tonumber(full) - share), 'KEEPTTL') end
    local dayKey, monthKey = key .. 'day:' .. day, key .. 'month:' .. month
    if redis.call('EXISTS', dayKey) == 1 then redis.call('DECR', dayKey) end
    if redis.call('EXISTS', monthKey) == 1 then redis.call('DECRBY', monthKey, images) end
  end
end
redis.call('PUBLISH', P .. 'wake', 'permit')
return answer

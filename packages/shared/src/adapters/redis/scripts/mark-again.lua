-- Lines that a retry is for: from what they came to, back to waiting, once each. By the leader. Answers 1 or 0.
-- ARGV: worker, batch, '1' where these are the last, then line and its stored images ('': none) in turn.
local worker, id, last = ARGV[1], ARGV[2], ARGV[3]
local key = batchKey(id)
if not leads(worker) or redis.call('HEXISTS', key, 'retry') == 0 then return 0 end
for i = 4, #ARGV, 2 do
  local line = tonumber(ARGV[i])
  local state = redis.call('BITFIELD', key .. ':states', 'GET', 'u4', '#' .. (line - 1))[1]
  if state == LINE.failed or state == LINE.cancelled or state == LINE.expired then
    setLine(id, line, 'again')
    redis.call('HINCRBY', key, state == LINE.cancelled and 'cancelled' or 'failed', -1)
    redis.call('HINCRBY', key, 'again', 1)
    if ARGV[i + 1] ~= '' then redis.call('HSET', key .. ':kept', line, ARGV[i + 1]) end
  end
end
if last == '1' then redis.call('HDEL', key, 'retry') end
redis.call('HINCRBY', key, 'version', 1)
return 1

-- A held call ended. 'answered': nobody may claim its job any more. 'vanished': the next identical request may.
local claim, id, holder, how = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local list = P .. 'hold:' .. claim
if redis.call('HGET', jobKey(id), 'holder') ~= holder then return 0 end
redis.call('HSET', jobKey(id), 'holder', '')
if how == 'answered' then
  redis.call('ZREM', list, id)
else
  redis.call('ZADD', list, now(), id)
end
return 1

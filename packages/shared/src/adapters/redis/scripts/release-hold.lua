-- A held call ended. For so many milliseconds the next identical request may claim its job; 0: nobody may.
local claim, id, holder, claimable = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local list = P .. 'hold:' .. claim
if redis.call('HGET', jobKey(id), 'holder') ~= holder then return 0 end
redis.call('HSET', jobKey(id), 'holder', '')
if claimable == 0 then
  redis.call('ZREM', list, id)
else
  redis.call('ZADD', list, now() + claimable, id)
end
return 1

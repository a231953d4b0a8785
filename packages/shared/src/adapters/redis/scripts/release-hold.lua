-- A held call ended. For so many milliseconds the next identical request may claim its job; 0: nobody may.
-- The job is found by its holder: a call whose submit got no answer does not know which job it holds.
local claim, holder, claimable = ARGV[1], ARGV[2], tonumber(ARGV[3])
local list = P .. 'hold:' .. claim
for _, id in ipairs(redis.call('ZRANGE', list, 0, -1)) do
  if redis.call('HGET', jobKey(id), 'holder') == holder then
    redis.call('HSET', jobKey(id), 'holder', '')
    if claimable == 0 then
      redis.call('ZREM', list, id)
    else
      redis.call('ZADD', list, now() + claimable, id)
    end
    return 1
  end
end
return 0

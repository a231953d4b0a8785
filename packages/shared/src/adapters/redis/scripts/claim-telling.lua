-- Which API process tells of the whole installation: one at a time, for as long as it lives and is asked. Answers 1 where
-- it is the caller.
local holder, ms = ARGV[1], ARGV[2]
local teller = redis.call('GET', P .. 'teller')
if teller and teller ~= holder and redis.call('EXISTS', P .. 'api:' .. teller) == 1 then return 0 end
redis.call('SET', P .. 'teller', holder, 'PX', ms)
return 1

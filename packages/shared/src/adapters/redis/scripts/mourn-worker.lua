-- Gives a worker up that has no lease: it gets none again. Answers 1, or 0 where it lives.
local worker, memory = ARGV[1], ARGV[2]
if redis.call('EXISTS', P .. 'worker:' .. worker) == 1 then return 0 end
redis.call('SET', P .. 'mourned:' .. worker, now(), 'PX', memory, 'NX')
return 1

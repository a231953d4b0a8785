-- Forgets a worker that holds no job any more. Answers how many it still holds.
local worker = ARGV[1]
local held = redis.call('SCARD', P .. 'held:' .. worker)
if held == 0 then
  redis.call('ZREM', P .. 'workers', worker)
  redis.call('DEL', P .. 'worker:' .. worker)
end
return held

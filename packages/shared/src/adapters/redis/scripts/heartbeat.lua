-- Renews a worker's lease, and tells which workers are dead: without a lease for longer than the grace.
local worker, info, lease, grace = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local at = now()
redis.call('SET', P .. 'worker:' .. worker, info, 'PX', lease)
redis.call('ZADD', P .. 'workers', at, worker)
local dead = {}
for _, other in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers', '-inf', at - lease - grace)) do
  if redis.call('EXISTS', P .. 'worker:' .. other) == 0 then dead[#dead + 1] = other end
end
return dead

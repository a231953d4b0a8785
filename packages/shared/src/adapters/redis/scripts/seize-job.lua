-- Takes a job from a dead worker. Refused while that worker's lease lives, or where somebody else has it already.
local id, dead, worker = ARGV[1], ARGV[2], ARGV[3]
local key = jobKey(id)
if redis.call('EXISTS', P .. 'worker:' .. dead) == 1 then return 'alive' end
local job = redis.call('HMGET', key, 'status', 'worker')
-- The same question again, by a connection that broke before it heard the answer.
if job[1] == 'in_progress' and job[2] == worker then return redis.call('HGETALL', key) end
if job[1] ~= 'in_progress' or job[2] ~= dead then
  redis.call('SREM', P .. 'held:' .. dead, id)
  return 'gone'
end
drop(id)
redis.call('HINCRBY', key, 'fence', 1)
redis.call('HINCRBY', key, 'crashes', 1)
redis.call('HINCRBY', key, 'version', 1)
redis.call('HSET', key, 'worker', worker)
redis.call('SADD', P .. 'held:' .. worker, id)
return redis.call('HGETALL', key)
